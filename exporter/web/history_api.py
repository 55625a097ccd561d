"""`/api/v1/history` without HTTP: parameters in, JSON-able answer out.

GET /api/v1/history?metric=gpu_power_watts&function=mean&from=-1h&to=now&step=60&match=uuid:GPU-1&by=uuid
"""

from collections.abc import Mapping
from typing import Any

from catalog.errors import HistoryError
from exporter.web.parameters import check
from history.asking import Words, question
from history.question import History, Line, Question

_PARAMETERS = {
    "metric": "metric",
    "function": "function",
    "from": "start",
    "to": "end",
    "step": "step",
    "match": "match",
    "by": "by",
    "q": "q",
}
_MOST_POINTS = 11_000  # of one line, as Prometheus has it
_MOST_LINES = 1_000
_MOST_VALUES = 200_000  # of all lines: some 20 MB while the answer is written


def answer(query: Mapping[str, str], history: History, now: float) -> dict[str, Any]:
    """The answer to one request; a step that nothing is known of is None.

    Raises:
        HistoryError: the request is wrong or too large; the message says what to change.
    """
    asked = question(_words(query), now)
    _check_size(asked, history)
    return {
        "metric": asked.metric.name,
        "unit": asked.metric.unit.value,
        "function": asked.function.value,
        "start": asked.start,
        "end": asked.end,
        "step": asked.width,
        "times": [asked.start + step * asked.width for step in range(asked.steps)],
        "lines": [
            {"labels": line.labels, "values": _values(asked, line)}
            for line in history.answer(asked)
        ],
    }


def _words(query: Mapping[str, str]) -> Words:
    check(query, _PARAMETERS)
    if not query.get("metric"):
        raise HistoryError("say which metric: ?metric=NAME")
    return Words(**{_PARAMETERS[name]: text for name, text in query.items()})


def _check_size(asked: Question, history: History) -> None:
    if asked.steps > _MOST_POINTS:
        raise HistoryError(
            f"{asked.steps} points are too many for one answer (at most {_MOST_POINTS}): "
            "ask for a longer step or a shorter range"
        )
    selected = filter(asked.selects, history.series(asked.metric))
    lines = len({tuple(asked.group(labels).values()) for labels in selected})
    if lines > _MOST_LINES or lines * asked.steps > _MOST_VALUES:
        raise HistoryError(
            f"{lines} lines of {asked.steps} points are too many for one answer (at most "
            f"{_MOST_LINES} lines, {_MOST_VALUES} points in all): narrow it with match or by, "
            "or ask for a longer step"
        )


def _values(asked: Question, line: Line) -> list[float | None]:
    values: list[float | None] = [None] * asked.steps
    for time, value in zip(line.times, line.values, strict=True):
        values[int((time - asked.start) // asked.width)] = value
    return values
