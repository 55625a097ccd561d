"""What is odd about a folder though it can be kept: documents that nobody needs, objectives twice, counters that may not belong together."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from catalog.errors import ConfigError
from catalog.promql.selector import Selected, selected
from slo.indicator import Ratio
from slo.openslo.folder import Folder
from slo.openslo.objectives import Placed

_PARTS = (
    "SLI",
    "Service",
    "DataSource",
    "AlertPolicy",
    "AlertCondition",
    "AlertNotificationTarget",
)


def notes(folder: Folder, found: Iterable[Placed]) -> Iterator[ConfigError]:
    """Each with file, line and path; *found* is what the folder holds."""
    yield from _unused(folder)
    known: dict[str, Placed] = {}
    for one in found:
        yield from _foreign(one)
        first = known.setdefault(repr(replace(one.objective, name="", service="")), one)
        if first is not one:
            yield one.error(
                f"it promises the same as {first.objective.name} at {first.document.at(*first.place)}; keep one"
            )


def _unused(folder: Folder) -> Iterator[ConfigError]:
    for kind in _PARTS:
        for entry in folder.of(kind):
            if not folder.used(kind, entry.name):
                text = f"metadata.name: nobody refers to this {kind}; remove it, or refer to {entry.name!r}"
                yield entry.document.error(text, "metadata", "name")


def _foreign(one: Placed) -> Iterator[ConfigError]:
    """A part of the same metric whose matchers are looser than those of all events may count more than there are."""
    indicator = one.objective.indicator
    if not isinstance(indicator, Ratio):
        return
    name, part = ("good", indicator.good) if indicator.good else ("bad", indicator.bad)
    assert part is not None  # noqa: S101 - Ratio holds one of the two
    whole, some = selected(indicator.total), selected(part)
    if whole.name == some.name and (missing := _looser(whole, some)):
        yield one.error(
            f"{name} events may exceed the total, which has the matchers {missing} that they lack; give them the same"
        )


def _looser(whole: Selected, some: Selected) -> str:
    own = {matcher.label: matcher for matcher in some.matchers}
    missing = [
        matcher
        for matcher in whole.matchers
        if matcher not in some.matchers
        and not (
            matcher.label in own
            and own[matcher.label].sign == "="
            and matcher.accepts(own[matcher.label].value)
        )
    ]
    return ", ".join(f'{one.label}{one.sign}"{one.value}"' for one in missing)
