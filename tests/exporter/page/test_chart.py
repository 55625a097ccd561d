import math
import re
from array import array
from collections.abc import Sequence

import pytest

from catalog.metric import Unit
from catalog.metrics import power
from exporter.page.axes import Axes
from exporter.page.chart import chart
from exporter.page.curve import Curve
from exporter.page.panel import Panel
from exporter.page.plots import Plot

NAN = math.nan


def curve(
    values: Sequence[float], band: float = 0.0, name: str = "Used", bridged: int = 0
) -> Curve:
    """A curve of ten-second steps that begins at 0."""
    return Curve(
        name=name,
        start=0.0,
        step=10.0,
        values=array("d", values),
        low=array("d", [value - band for value in values] if band else []),
        high=array("d", [value + band for value in values] if band else []),
        bridged=bridged,
    )


def panel(*curves: Curve, unit: Unit = Unit.WATTS, limit: float | None = None) -> Panel:
    """A chart of 100 s."""
    plot = Plot(key="k", title="Title", unit=unit, traces=(), limit=("Limit", (power.NOW, ())))
    return Panel(plot=plot, start=0.0, end=100.0, curves=curves, limit=limit)


def paths(drawn: str, kind: str) -> list[str]:
    """The `d` of every path of one kind inside the plane."""
    surface = drawn[drawn.index('class="surface"') :]
    return re.findall(rf'<path class="{kind}[^"]*" d="([^"]*)"', surface)


def test_a_gap_is_drawn_as_a_gap() -> None:
    """Two strokes where values are missing between them, no line across."""
    drawn = chart(panel(curve([1, 2, NAN, NAN, 3, 4, 5, 6, 7, 8])))

    assert [path.count("M") for path in paths(drawn, "line")] == [2]


def test_a_late_reading_is_no_gap() -> None:
    """A slot or two that stay empty because a reading came late are crossed."""
    drawn = chart(panel(curve([1, 2, NAN, NAN, 3, 4, 5, 6, 7, 8], bridged=2)))

    assert [path.count("M") for path in paths(drawn, "line")] == [1]


def test_a_lonely_value_is_a_dot() -> None:
    """A stroke of no length would not be seen; this one is, by its round ends."""
    drawn = chart(panel(curve([NAN, NAN, 5, NAN, NAN, NAN, NAN, NAN, NAN, NAN])))

    assert re.fullmatch(r"M\d+,\d+h1", paths(drawn, "line")[0])


def test_the_band_goes_there_and_back() -> None:
    """Along the highest values, back along the lowest."""
    drawn = chart(panel(curve([50.0] * 10, band=10)))
    band = paths(drawn, "band")[0]
    heights = [int(point.split(",")[1]) for point in re.split("[ML]", band.rstrip("z")) if point]

    assert len(heights) == 20
    assert max(heights[:10]) < min(heights[10:])


def test_the_axis_is_in_a_unit_for_people() -> None:
    """Bytes are told in GiB, with round numbers in GiB."""
    axes = Axes.of(panel(curve([10 * 2**30, 70 * 2**30]), unit=Unit.BYTES))

    assert axes.unit.symbol == "GiB"
    assert [mark / 2**30 for mark in axes.marks] == [0, 20, 40, 60, 80]
    assert axes.text(2**34) == "16.0\u00a0GiB"


def test_the_limit_is_on_the_chart() -> None:
    """A power limit far above the power still shows."""
    drawn = chart(panel(curve([100.0] * 10), limit=700.0))

    assert "Limit 700\u00a0W" in drawn
    assert 'class="limit"' in drawn


def test_the_chart_says_itself_in_words() -> None:
    """Whoever does not see it hears the range and the last value of each line."""
    drawn = chart(panel(curve([100.0, 300.0, 200.0], name="Power")))

    assert "Power: 100\u00a0W to 300\u00a0W, last 200\u00a0W." in drawn


def test_the_table_has_the_values() -> None:
    """At most 30 rows, a dash where nothing is known."""
    drawn = chart(panel(curve([100.0, NAN, 200.0])))
    cells = re.findall(r"<td>([^<]*)</td>", drawn)

    assert cells == ["100", "\u2013", "200", *["\u2013"] * 7]


def test_the_cursor_gets_the_values_as_they_are_written() -> None:
    """The script has no idea of units or digits."""
    drawn = chart(panel(curve([100.0, NAN, 12.0])))

    assert 'data-values="100,,12"' in drawn


@pytest.mark.parametrize("most", [1, 3, 30])
def test_coarser_keeps_the_mean(most: int) -> None:
    """Fewer steps, the same time, the same mean of what is known."""
    fine = curve([1, 2, 3, 4, 5, 6])
    coarse = fine.coarser(most)

    assert len(coarse.values) <= most
    assert coarse.step * len(coarse.values) == pytest.approx(60)
    assert sum(coarse.values) / len(coarse.values) == pytest.approx(3.5)


def test_a_large_value_is_a_whole_number() -> None:
    """A thousand units and more are written without a point."""
    drawn = chart(panel(curve([1500.0] * 10), limit=1400.0))

    assert "1500" in drawn or "1.50" in drawn
