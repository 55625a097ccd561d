"""The past that the demo begins with."""

import math
from functools import partial
from pathlib import Path

from catalog.metrics import power, temperature, utilization
from exporter.page.recent import Recent
from exporter.page.sparkline import peaks
from exporter.prefill import fill
from history.database import Database
from history.question import Function, Question
from history.sqlite import SqliteHistory
from history.totals import Totals
from probes.recordings import H200
from probes.replay import open_recording

NOW = 1_795_472_504.3
DAY = 86_400
TEMPERATURE = (temperature.TEMPERATURE, ("gpu",))


class Walking:
    """A clock that goes on a little whenever somebody looks."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        self.now += 0.01
        return self.now


def test_no_range_of_the_page_begins_empty(tmp_path: Path) -> None:
    """35 days without a gap, gauges and counters; the last 15 minutes are in memory, without a hole, until now."""
    clock, recent = Walking(), Recent()
    with Database.open(tmp_path) as database:
        fill(database, partial(open_recording, str(H200)), clock, (recent.observe,), 35)
        history = SqliteHistory(database)
        watts, busy = (
            history.answer(
                Question(
                    metric=metric,
                    function=function,
                    start=NOW // 60 * 60 - 34 * DAY,
                    end=NOW // 60 * 60,
                    step=60,
                )
            )[0]
            for metric, function in (
                (power.NOW, Function.MEAN),
                (utilization.BUSY, Function.INCREASE),
            )
        )
        span, totals = history.span(), Totals(database).load()

    assert None not in (*watts.values, *busy.values)
    assert all(50 < (value or 0) < 750 for value in watts.values)
    assert all(0 <= (value or 0) <= 62 for value in busy.values)
    (total,) = [value for key, value in totals.items() if key.metric is utilization.BUSY]
    assert total > sum(value or 0 for value in busy.values)
    assert span
    assert NOW - 35 * DAY <= span[0] <= NOW - 34 * DAY
    (uuid,) = {key.uuid for key in totals}
    curve = recent.curve(uuid, TEMPERATURE, clock.now)
    assert curve
    assert not [value for value in peaks(curve).values[:-1] if math.isnan(value)]
