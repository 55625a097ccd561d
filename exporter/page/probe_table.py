"""What the active probes last said of one GPU: verdict, what was measured, its share of the peak, how old that is."""

from collections.abc import Iterator

from catalog.metric import Unit
from catalog.metrics import probes
from exporter.page import icon, words
from exporter.page.gpu_table import Fragments
from exporter.page.markup import Markup, tag
from exporter.page.quantity import ABSENT, duration, shown
from exporter.page.vitals import Vitals

KEY = "verdicts"
TOLD = frozenset(
    (
        probes.BANDWIDTH,
        probes.PEAK_RATIO,
        probes.SUCCESS,
        probes.VERDICT,
        probes.LAST_VERDICT,
    )
)
"""The families that this table has in place of the readings."""
_HEADS = ("Probe", "Verdict", "Measured", "Of the peak", "Ago")
_SHAPES = {"healthy": "ok", "degraded": "degraded", "failed": "unhealthy"}


def verdicts(vitals: Vitals, now: float) -> Fragments:
    """The table, if any probe has given a verdict."""
    rows = list(_rows(vitals, now))
    if not rows:
        return {}
    heads = [tag("th", head, scope="col") for head in _HEADS]
    table = tag(
        "table",
        tag("thead", tag("tr", heads)),
        tag("tbody", rows),
        id=KEY,
        class_="readings verdicts",
        aria_labelledby="probes",
    )
    return {KEY: table}


def _rows(vitals: Vitals, now: float) -> Iterator[Markup]:
    for (metric, labels), value in vitals.values.items():
        if metric is probes.VERDICT and value:
            probe, verdict = labels
            given = vitals.get(probes.LAST_VERDICT, probe)
            yield tag(
                "tr",
                tag("th", probe, scope="row"),
                tag("td", icon.shape(_SHAPES[verdict]), verdict),
                tag("td", _measured(vitals, probe)),
                tag("td", _share(vitals, probe)),
                tag("td", ABSENT if given is None else duration(round(max(now - given, 0.0)))),
            )


def _measured(vitals: Vitals, probe: str) -> str:
    """The first direction, which is the one that people compare."""
    for (metric, labels), value in vitals.values.items():
        if metric is probes.BANDWIDTH and labels[0] == probe:
            return f"{words.plain(labels[1])} {shown(value, Unit.BYTES_PER_SECOND)}"
    return ABSENT


def _share(vitals: Vitals, probe: str) -> str:
    for (metric, labels), value in vitals.values.items():
        if metric is probes.PEAK_RATIO and labels[0] == probe:
            return shown(value, Unit.RATIO)
    return ABSENT
