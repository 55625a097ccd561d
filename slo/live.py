"""Whether the series of an objective exist, and make sense together: asked of a Prometheus."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catalog.promql.expr import Aggregate, Binary, Call, Expr, Number, Recorded
from catalog.promql.selector import Matcher, Selected, selected
from history.prometheus_api import Instant, PrometheusApi, Rejected, Sampled
from slo.indicator import Ratio
from slo.objective import Objective

_LATELY = "1h"
_TOLERANCE = 1.01
"""Two counters of one scrape may differ by the requests that came between."""
_MOST = 10
"""Values of a label that are listed."""
Answer = list[Sampled] | Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked, and what it means if there is no answer, or one."""

    objective: Objective
    expr: Expr
    empty: str = ""
    found: str = ""


def complaints(
    objectives: Sequence[Objective], api: PrometheusApi, job: str, at: float
) -> Iterator[tuple[Objective, str]]:
    """What is wrong with the series of each objective, by what the server has *at* that time.

    Raises:
        HistoryError: it cannot be asked.
    """
    questions = [question for one in objectives for question in _questions(one)]
    asked = [Instant(promql=question.expr.text(job), at=at) for question in questions]
    for question, answer in zip(questions, api.ask(asked), strict=True):
        if isinstance(answer, Rejected):
            yield question.objective, str(answer)
        elif not answer and question.empty:
            yield question.objective, question.empty
        elif answer and question.found:
            groups = "; ".join(_shown(one) for one in answer[:_MOST])
            yield question.objective, f"{question.found}: {groups}"


def _questions(objective: Objective) -> Iterator[_Question]:
    indicator = objective.indicator
    if not isinstance(indicator, Ratio):
        text = "the expression has no value now, so no slice of time would be judged"
        yield _Question(objective=objective, expr=indicator.good, empty=text)
        return
    part = indicator.good or indicator.bad
    assert part is not None  # noqa: S101 - Ratio holds one of the two
    for name, series in (
        ("total", indicator.total),
        ("good", indicator.good),
        ("bad", indicator.bad),
    ):
        if series is not None:
            yield from _of_selector(objective, name, selected(series))
    whole = selected(indicator.total)
    for label in objective.by:
        text = f"{whole.name} has no label {label!r}, which the objective groups by"
        yield _Question(objective=objective, expr=_having(whole.name, label), empty=text)
    some, all_ = (
        Aggregate("sum", objective.by, Call("increase", (series.over(_LATELY),)))
        for series in (part, indicator.total)
    )
    name = "good" if indicator.good else "bad"
    more = f"{name} events exceeded the total in the last {_LATELY}"
    yield _Question(objective=objective, expr=some > all_ * Number(_TOLERANCE), found=more)


def _of_selector(objective: Objective, name: str, wanted: Selected) -> Iterator[_Question]:
    """Whether there is such a metric, with such labels; errors that never happened need have no series of their own."""
    yield _Question(
        objective=objective,
        expr=Aggregate("count", (), Recorded(wanted.name)),
        empty=f"{name}: there is no metric {wanted.name!r}",
    )
    for matcher in wanted.matchers:
        if matcher.accepts(""):
            continue
        yield _Question(
            objective=objective,
            expr=_having(wanted.name, matcher.label),
            empty=f"{name}: {wanted.name} has no label {matcher.label!r}",
        )
        if name != "bad":
            yield _lacking(objective, name, wanted.name, matcher)


def _lacking(objective: Objective, name: str, metric: str, matcher: Matcher) -> _Question:
    """The values that the label has, if it has none that is wanted."""
    labels = {
        matcher.label: matcher.value if matcher.sign == "=" else f"{matcher.sign}{matcher.value}"
    }
    known = Aggregate("count", (matcher.label,), Recorded(metric, {matcher.label: "!="}))
    wanted = Aggregate("count", (), Recorded(metric, labels))
    text = f'{name}: no series of {metric} has {matcher.label}{matcher.sign}"{matcher.value}"; there are'
    return _Question(objective=objective, expr=known.unless_on(wanted), found=text)


def _having(metric: str, label: str) -> Binary | Aggregate:
    """Nothing only if the metric is there and lacks the label: a metric that is not there is told once."""
    count = Aggregate("count", (), Recorded(metric, {label: "!="}))
    return count.or_(Call("absent", (Recorded(metric),)))


def _shown(series: Sampled) -> str:
    labels = ", ".join(f'{name}="{value}"' for name, value in sorted(series.metric.items()))
    return f"{{{labels}}}"
