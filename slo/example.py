"""Series that meet an objective and series that do not: what the tests of its rules are made from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from catalog.errors import ConfigError
from catalog.promql.selector import Matcher, Selected, parse
from slo.indicator import Ratio
from slo.regex_sample import samples

_OTHERS = ("200", "a", "b", "")
"""Values of labels of which it is only known what they are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series.

    Attributes:
        good, bad: its value while the objective is met, and while it is not at all; of a counter what it gains in a minute.
        gains: whether it is a counter.
    """

    series: str
    good: float
    bad: float
    gains: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Series that belong together.

    Attributes:
        starts: minutes after midnight at which they begin, for what is judged at some hours only.
    """

    lines: tuple[Line, ...]
    starts: int = 0


def of_ratio(ratio: Ratio, common: Mapping[str, str], a_minute: float) -> tuple[Line, ...]:
    """What *ratio* counts, with *a_minute* events; *common* labels are on all series, unless a matcher wants others.

    Raises:
        ConfigError: no labels can be found that its matchers accept.
    """
    part = ratio.bad or ratio.good
    assert part is not None  # noqa: S101 - Ratio holds one of the two
    total, some = parse(ratio.total.text("")), parse(part.text(""))
    in_good, in_bad = (0.0, a_minute) if ratio.bad else (a_minute, 0.0)
    if total.name != some.name:
        return (
            Line(series=_series((total,), (), common), good=a_minute, bad=a_minute, gains=True),
            Line(series=_series((some,), (), common), good=in_good, bad=in_bad, gains=True),
        )
    inside, outside = _series((total, some), (), common), _series((total,), (some,), common)
    return (
        Line(series=inside, good=in_good, bad=in_bad, gains=True),
        Line(series=outside, good=a_minute - in_good, bad=a_minute - in_bad, gains=True),
    )


def _series(
    within: tuple[Selected, ...], without: tuple[Selected, ...], common: Mapping[str, str]
) -> str:
    """A series that all of *within* select, and none of *without*."""
    matchers = [matcher for selected in (*within, *without) for matcher in selected.matchers]
    choices: dict[str, dict[str, None]] = {}
    for matcher in matchers:
        choices.setdefault(matcher.label, {}).update(dict.fromkeys(_values(matcher)))
    for label, values in choices.items():
        values.update(dict.fromkeys((*filter(None, [common.get(label)]), *_OTHERS)))
    for labels in _combinations(choices):
        if all(one.accepts(labels) for one in within) and not any(
            one.accepts(labels) for one in without
        ):
            every = {**common, **{name: value for name, value in labels.items() if value}}
            pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in every.items())
            return f"{within[0].name}{{{pairs}}}"
    raise ConfigError(f"no series was found that {within[-1].name} selects as it is written")


def _values(matcher: Matcher) -> Iterator[str]:
    if matcher.sign == "=":
        yield matcher.value
    elif matcher.sign == "=~":
        yield from samples(matcher.value)


def _combinations(choices: Mapping[str, Mapping[str, None]]) -> Iterator[dict[str, str]]:
    if not choices:
        yield {}
        return
    (label, values), *others = choices.items()
    for rest in _combinations(dict(others)):
        for value in values:
            yield {label: value, **rest}


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
