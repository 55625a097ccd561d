import pytest

from catalog.errors import HistoryError
from catalog.metric import Kind, Metric, Unit
from catalog.metrics import power
from history.question import Function, Question


def question(**changes: object) -> Question:
    """A question that is right but for *changes*."""
    right = {"metric": power.NOW, "function": Function.MEAN, "start": 0, "end": 600}
    return Question(**{**right, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"function": Function.INCREASE}, "is a gauge: ask mean, min, max, last, quantile"),
        ({"metric": power.ENERGY}, "is a counter: ask increase, last, not mean"),
        ({"match": {"clock": "sm"}}, "has no label 'clock'; it has uuid"),
        ({"by": ("gpu",)}, "has no label 'gpu'"),
        ({"end": 0}, "the range is empty"),
        ({"end": float("inf")}, "the range is empty"),
        ({"start": float("nan")}, "the range is empty"),
        ({"step": 90}, "the step is 90 s, but must be a multiple of 60 s"),
        ({"step": -60}, "the step is -60 s"),
        ({"q": 1.5}, "the quantile is 1.5"),
    ],
    ids=str,
)
def test_refused(changes: dict[str, object], message: str) -> None:
    """A question without an answer cannot be made; the message says which part is wrong."""
    with pytest.raises(HistoryError, match=message):
        question(**changes)


def test_histograms_are_not_kept() -> None:
    """No function answers for a histogram."""
    histogram = Metric(
        name="x_seconds", kind=Kind.HISTOGRAM, help="X.", source="test", unit=Unit.SECONDS
    )

    with pytest.raises(HistoryError, match="is a histogram: ask nothing"):
        question(metric=histogram)


def test_whole_minutes() -> None:
    """The range is widened to whole minutes, and the last step may be shorter."""
    asked = question(start=61, end=359, step=120)

    assert (asked.start, asked.end, asked.steps, asked.width) == (60, 360, 3, 120)


def test_no_step_is_one_step() -> None:
    """Step 0 asks for one value over the whole range."""
    asked = question(start=0, end=600, step=0)

    assert (asked.steps, asked.width) == (1, 600)
