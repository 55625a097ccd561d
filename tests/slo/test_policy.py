"""An error-budget policy as alerts, evaluated by the real promtool."""

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.promql.expr import Foreign
from slo.indicator import Ratio
from slo.objective import Objective
from slo.step import Step, Wakes
from tests.slo.judging import Samples, judge

pytestmark = pytest.mark.tools

OBJECTIVE = Objective(
    name="availability",
    service="inference",
    indicator=Ratio(total=Foreign("requests_total"), bad=Foreign('requests_total{code="500"}')),
    target=0.9,
    policy=(
        Step(remaining=0.5, wakes=Wakes.NOBODY, action="The team is told."),
        Step(remaining=0.2, wakes=Wakes.TICKET, action="Reliability goes first."),
        Step(remaining=0, wakes=Wakes.PAGE, action="Nothing is deployed but repairs."),
    ),
)


def test_the_deepest_step_that_is_reached_holds(
    tool: Callable[[str], Path], tmp_path: Path
) -> None:
    """Each step in its turn, told to whom it says; while the past is short nobody is woken."""
    firing = 'ALERTS{{alertname="SloBudgetPolicy",alertstate="firing",remaining_percent="{}"}}'
    samples = Samples(
        series={
            'requests_total{code="200"}': "0+100x300 30000+90x700",
            'requests_total{code="500"}': "0+5x300 1500+20x700",
        }
    )
    judge(
        tool("promtool"),
        tmp_path,
        OBJECTIVE,
        samples,
        ('slo:error_budget:policy{remaining_percent="50"}', "4h", 0),
        ("sum(slo:error_budget:policy)", "4h", 0),
        ('slo:error_budget:policy{remaining_percent="50"}', "5h30m", 1),
        (firing.format("50"), "6h", None),
        ('slo:error_budget:policy{remaining_percent="20"}', "8h", 1),
        (firing.format("20"), "8h", 1),
        (firing.format("0"), "8h", None),
        ('slo:error_budget:policy{remaining_percent="20"}', "16h", 0),
        (firing.format("20"), "16h", None),
        (firing.format("0"), "16h", 1),
    )
