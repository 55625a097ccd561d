"""Whether the windows of an objective hold enough scrapes to be worth anything."""

import re
from collections.abc import Iterator

from catalog.promql.expr import Expr, Foreign, Raw, Recorded, Select
from slo.indicator import Ratio
from slo.objective import TILE, Objective

LEAST = 4
"""Scrapes in a window: with fewer, one that is missed or late is most of it."""
_WINDOW = re.compile(r"\[(\d+)(s|m|h|d)(?::[^\]]*)?\]")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def too_short(objective: Objective, interval: float) -> Iterator[str]:
    """What is wrong with the windows of *objective* if its series are scraped every *interval* seconds."""
    indicator = objective.indicator
    if isinstance(indicator, Ratio):
        windows = {TILE: "our tiles and alerts count events over 5m"}
    else:
        windows = {found: f"it looks back {found:g} s" for found in _windows(indicator.good)}
        if interval > indicator.every:
            yield f"a slice of {indicator.every} s has no scrape of its own at one in {interval:g} s; take longer slices"
    for window, why in windows.items():
        if window < LEAST * interval:
            yield (
                f"{why}, and scrapes are {interval:g} s apart: {LEAST} are needed, "
                f"so scrape every {window / LEAST:g} s, or look back {LEAST * interval:g} s"
            )


def _windows(expr: Expr) -> Iterator[int]:
    """The ranges in it, in seconds."""
    match expr:
        case Foreign(window=written) | Recorded(window=written) | Select(window=written):
            text = f"[{written}]"
        case Raw(promql=text):
            pass
        case _:
            text = ""
    yield from (int(number) * _SECONDS[unit] for number, unit in _WINDOW.findall(text))
    for part in expr.parts():
        yield from _windows(part)
