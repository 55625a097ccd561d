"""From words to a question: what the command line and the JSON API share."""

from dataclasses import dataclass

from catalog.errors import HistoryError
from catalog.metric import Kind, Metric
from catalog.metrics import ALL, BY_NAME
from catalog.suggest import meant
from history import when
from history.question import Function, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A question as it was written.

    Attributes:
        function: empty is the increase of a counter, the mean of a gauge.
        step: empty or 0 is one step over the whole range.
        match: `label:value` or `label=value`, several with commas.
        by: labels with commas; None keeps each series, empty makes one line of all.
        q: which quantile; None is the median if one is asked for.
    """

    metric: str
    function: str = ""
    start: str = "-1h"
    end: str = "now"
    step: str = "60"
    match: str = ""
    by: str | None = None
    q: str | None = None


def question(words: Words, now: float) -> Question:
    """What *words* ask.

    Raises:
        HistoryError: they are no question; the message says which word, and what to write.
    """
    metric = kept(words.metric)
    function = _function(words.function, metric)
    return Question(
        metric=metric,
        function=function,
        start=when.point(words.start, now),
        end=when.point(words.end, now),
        step=when.length(words.step or "0"),
        match=_match(words.match),
        by=None if words.by is None else _names(words.by),
        q=_quantile(words.q, function),
    )


def kept(name: str) -> Metric:
    """The metric called *name*, if the history keeps it.

    Raises:
        HistoryError: it does not, or there is none.
    """
    metric = BY_NAME.get(name)
    if metric is None:
        hint = meant(name, [m.name for m in ALL if m.history], cutoff=0.4)
        raise HistoryError(f"there is no metric {name!r}; {hint}".removesuffix("; "))
    if not metric.history:
        raise HistoryError(f"{name} is exported but not kept in the history")
    return metric


def _function(text: str, metric: Metric) -> Function:
    if not text:
        return Function.INCREASE if metric.kind is Kind.COUNTER else Function.MEAN
    try:
        return Function(text)
    except ValueError:
        raise HistoryError(
            f"there is no function {text!r}; there are {', '.join(Function)}"
        ) from None


def _match(text: str) -> dict[str, str]:
    match = {}
    for pair in filter(None, text.split(",")):
        name, separator, value = pair.replace("=", ":", 1).partition(":")
        if not separator:
            raise HistoryError(f"{pair!r} does not say which label; write label:value")
        match[name] = value
    return match


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


def _quantile(text: str | None, function: Function) -> float:
    if text is None:
        return 0.5
    if function is not Function.QUANTILE:
        raise HistoryError(
            f"q is of the function quantile, not of {function}; name that, or leave q out"
        )
    try:
        return float(text)
    except ValueError:
        raise HistoryError(f"the quantile is {text!r}, but must be between 0 and 1") from None
