import math
import random
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import HistoryError
from catalog.metrics import clocks, power
from catalog.metrics.events import SXID_ERRORS
from catalog.snapshot import Layout, Reading
from history import blocks, compaction
from history.database import Database
from history.events import EventLog
from history.minute import CounterMinute, GaugeMinute, Key, Minute
from history.question import Function, Line, Question
from history.rollup import Rollup
from history.sqlite import SqliteHistory
from tests.history.samples import DAY, ENERGY, POWER, T0, counter, event, gauge, reading

HOUR = 3_600


def ask(
    history: SqliteHistory, key: Key, function: Function, start: float, end: float
) -> list[float]:
    """The values of all lines, one step for the whole range; the lowest quantile."""
    question = Question(metric=key.metric, function=function, start=start, end=end, q=0)
    return [value for line in history.answer(question) for value in line.values]


def settle(history: SqliteHistory, now: float) -> None:
    """Let all packing happen that is due by *now*."""
    for _ in range(200):
        history.maintain(now)


def test_steps_and_gaps(history: SqliteHistory) -> None:
    """A step without a minute is absent; times are the starts of steps."""
    history.append([gauge(T0, 100.0), gauge(T0 + 240, 300.0)])
    question = Question(
        metric=POWER.metric, function=Function.MEAN, start=T0, end=T0 + 300, step=120
    )

    (line,) = history.answer(question)

    assert line.labels == {"uuid": "GPU-a"}
    assert list(line.times) == [T0, T0 + 240]
    assert list(line.values) == [100.0, 300.0]


def test_range_is_widened_to_minutes(history: SqliteHistory) -> None:
    """A range within a minute gets that whole minute, and no other."""
    history.append([gauge(T0 + 60 * n, float(n)) for n in range(3)])

    assert ask(history, POWER, Function.MEAN, T0 + 70, T0 + 80) == [1.0]


def test_groups(history: SqliteHistory) -> None:
    """Series that agree in the labels of `by` become one line; a mean weighs them by covered time."""
    sm = [Key(uuid, clocks.CLOCK, ("sm",)) for uuid in ("GPU-a", "GPU-b")]
    history.append([gauge(T0, 100.0, sm[0], covered=60.0), gauge(T0, 400.0, sm[1], covered=30.0)])

    def answer(function: Function, by: tuple[str, ...] | None) -> dict[str, list[float]]:
        question = Question(metric=clocks.CLOCK, function=function, start=T0, end=T0 + 60, by=by)
        return {str(line.labels): list(line.values) for line in history.answer(question)}

    assert answer(Function.MEAN, ("clock",)) == {"{'clock': 'sm'}": [200.0]}
    assert answer(Function.LAST, ()) == {"{}": [500.0]}
    assert answer(Function.MAX, ()) == {"{}": [400.0]}
    assert answer(Function.QUANTILE, ()) == {"{}": [250.0]}
    assert answer(Function.MIN, ("uuid",)) == {
        "{'uuid': 'GPU-a'}": [100.0],
        "{'uuid': 'GPU-b'}": [400.0],
    }


def test_match(history: SqliteHistory) -> None:
    """Only series whose labels have the values that are asked for take part."""
    history.append([gauge(T0, 1.0, Key("GPU-a", clocks.CLOCK, (name,))) for name in clocks.CLOCKS])
    question = Question(
        metric=clocks.CLOCK,
        function=Function.MEAN,
        start=T0,
        end=T0 + 60,
        match={"clock": "sm", "uuid": "GPU-a"},
    )

    assert [line.labels for line in history.answer(question)] == [{"uuid": "GPU-a", "clock": "sm"}]


def test_same_minute_again_adds_up(history: SqliteHistory) -> None:
    """The two halves of a minute that a restart cut become the whole minute."""
    halves = [
        GaugeMinute(at=T0, key=POWER, low=1.0, mean=2.0, high=3.0, last=2.5, covered=20.0),
        GaugeMinute(at=T0, key=POWER, low=0.5, mean=5.0, high=9.0, last=4.0, covered=40.0),
    ]
    history.append([halves[0], counter(T0, 5.0, 15.0)])
    history.append([halves[1], counter(T0, 7.0, 22.0), gauge(T0 + 60, 10.0)])

    def value(key: Key, function: Function) -> float:
        (found,) = ask(history, key, function, T0, T0 + 60)
        return found

    assert value(POWER, Function.MIN) == 0.5
    assert value(POWER, Function.MEAN) == 4.0
    assert value(POWER, Function.MAX) == 9.0
    assert value(POWER, Function.LAST) == 4.0
    assert value(ENERGY, Function.INCREASE) == 12.0
    assert ask(history, POWER, Function.MEAN, T0, T0 + 120) == [7.0]


def test_restart_in_the_middle_of_a_minute(tmp_path: Path) -> None:
    """A graceful stop and a new start within a minute lose no joule and no second but those between."""
    with Database.open(tmp_path) as database:
        first = SqliteHistory(database)
        rollup = Rollup(first.last_counters())
        for second in range(21):
            rollup.observe("GPU-a", reading(T0 + second, 100.0, 1000.0 + second))
        first.append(rollup.flush(T0 + 20))
    with Database.open(tmp_path) as database:
        second_run = SqliteHistory(database)
        rollup = Rollup(second_run.last_counters())
        for second in range(30, 66):
            rollup.observe("GPU-a", reading(T0 + second, 400.0, 1000.0 + second))
        second_run.append(rollup.due(T0 + 65))

        assert ask(second_run, ENERGY, Function.INCREASE, T0, T0 + 60) == [59.0]
        assert ask(second_run, POWER, Function.MEAN, T0, T0 + 60) == [(100 * 20 + 400 * 30) / 50]


def test_all_or_nothing(history: SqliteHistory, database: Database) -> None:
    """A transaction that fails leaves nothing, and a later one with the same series succeeds."""
    with suppress(ZeroDivisionError), database.transaction():
        history.append([gauge(T0, 1.0)])
        raise ZeroDivisionError
    history.append([gauge(T0 + 60, 2.0)])

    assert ask(history, POWER, Function.MEAN, T0, T0 + 120) == [2.0]


def test_not_kept(history: SqliteHistory) -> None:
    """A metric that the catalogue does not keep is refused by name, not answered with nothing."""
    question = Question(metric=power.LIMIT, function=Function.MEAN, start=T0, end=T0 + 60)

    with pytest.raises(HistoryError, match="gpu_power_limit_watts is not kept"):
        history.answer(question)


def test_series_and_span(history: SqliteHistory) -> None:
    """A history can say what it has, and from when to when."""
    assert history.span() is None

    history.append([gauge(T0 + 60, 1.0), gauge(T0 + 7200, 1.0, Key("GPU-b", power.NOW))])
    settle(history, T0 + 7260)

    assert history.series(power.NOW) == ({"uuid": "GPU-a"}, {"uuid": "GPU-b"})
    assert history.span() == (T0 + 60, T0 + 7260)


def test_packing_changes_no_answer(history: SqliteHistory, database: Database) -> None:
    """Rows, hours and days give the same columns to the last bit, at any stage of packing."""
    rng = random.Random(1)  # noqa: S311 - seeded, not secret
    last, minutes = 0.0, list[Minute]()
    for at in range(T0, T0 + 2 * DAY, 60):
        before, last = last, rng.choice((last + rng.random(), rng.random()))
        increase = last - before if last >= before else last
        minutes += [gauge(at, rng.gauss(400, 30)), counter(at, increase, last)]
    history.append(minutes)

    def everything() -> list[blocks.Columns]:
        with database.reading() as connection:
            return [
                blocks.read(connection, series, T0, T0 + 2 * DAY, blocks.NUMBERS)
                for series in (1, 2)
            ]

    stages = [everything()]
    for now in (T0 + 5 * HOUR, T0 + DAY + 2 * HOUR, T0 + 3 * DAY):
        settle(history, now)
        stages.append(everything())

    assert stages[1:] == stages[:-1]
    with database.reading() as connection:
        assert connection.execute("SELECT width, count(*) FROM block").fetchone() == (DAY, 4)


def test_an_hour_of_many_series(history: SqliteHistory, database: Database) -> None:
    """Each call packs some series, so that events need not wait for all; what came later stays, and no answer changes."""
    keys = [Key(f"GPU-{number}", power.NOW) for number in range(200)]
    history.append([gauge(T0 + 60 * n, float(n), key) for n in (0, 30, 60) for key in keys])

    question = Question(metric=power.NOW, function=Function.MEAN, start=T0, end=T0 + 7200)
    answers, packed = [], []
    for _ in range(3):
        history.maintain(T0 + 2 * HOUR - 60)
        answers.append([list(line.values) for line in history.answer(question)])
        with database.reading() as connection:
            (count,) = connection.execute("SELECT count(*) FROM block").fetchone()
            (left,) = connection.execute("SELECT count(*) FROM minute").fetchone()
        packed.append((count, left))

    assert packed == [(128, 3 * 72 + 128), (200, 200), (200, 200)]
    assert answers == [[[30.0]] * 200] * 3


@pytest.mark.parametrize("late", [0, 1, 90], ids=["first minute", "packed minute", "packed gap"])
def test_a_minute_that_comes_late_for_its_block(history: SqliteHistory, late: int) -> None:
    """A packed block makes room for a late minute: nothing is lost, nothing counted twice."""
    numbers = [number for number in range(2 * 1440) if number != 90]
    history.append([counter(T0 + 60 * number, 1.0, float(number)) for number in numbers])
    history.append([gauge(T0 + 60 * number, 0.0, covered=30.0) for number in numbers])
    settle(history, T0 + 3 * DAY)
    at = T0 + 60 * late

    history.append([counter(at, 10.0, 5000.0), gauge(at, 8.0, covered=30.0)])

    for now in (T0, T0 + 3 * DAY):
        settle(history, now)
        assert ask(history, ENERGY, Function.INCREASE, T0, T0 + DAY) == [1449.0]
        assert ask(history, POWER, Function.MAX, at, at + 60) == [8.0]
        assert ask(history, POWER, Function.QUANTILE, at, at + 60) == [8.0 if late == 90 else 4.0]
        assert ask(history, POWER, Function.LAST, at + 60, T0 + DAY) == [0.0]
        assert history.last_counters() == {ENERGY: 2879.0}


def test_last_counters_survive_packing(history: SqliteHistory) -> None:
    """The predecessor of a counter is its newest value, in a row or in a block."""
    history.append([counter(T0, 0.0, 10.0), counter(T0 + 60, 5.0, 15.0)])
    as_rows = history.last_counters()
    settle(history, T0 + 2 * DAY)

    assert as_rows == history.last_counters() == {ENERGY: 15.0}


def test_retention(history: SqliteHistory) -> None:
    """Minutes older than the retention go, by whole days, and so do series that nothing is left of."""
    gone = Key("GPU-gone", power.NOW)
    history.append([gauge(T0, 1.0, gone), gauge(T0, 1.0), gauge(T0 + 34 * DAY, 2.0)])
    settle(history, T0 + 34 * DAY)
    assert len(history.series(power.NOW)) == 2

    settle(history, T0 + 36 * DAY)

    assert history.span() == (T0 + 34 * DAY, T0 + 34 * DAY + 60)
    assert history.series(power.NOW) == ({"uuid": "GPU-a"},)
    history.append([gauge(T0 + 36 * DAY, 3.0, gone)])
    assert len(history.series(power.NOW)) == 2


def test_deletion_gives_space_back(history: SqliteHistory, database: Database) -> None:
    """Free pages are given back to the file system, beyond a reserve for the days to come."""

    def pages() -> int:
        with database.reading() as connection:
            (count,) = connection.execute("PRAGMA page_count").fetchone()
        return int(count)

    log = EventLog(database)
    log.append(event(T0, message="x" * 20_000) for _ in range(1_000))
    full = pages()

    log.expire(T0 + 91 * DAY)
    settle(history, T0)

    assert pages() < compaction.SPARE_PAGES + 100 < full


Answers = Mapping[tuple[tuple[str, str], ...], dict[float, float]]


def by_labels(lines: tuple[Line, ...]) -> Answers:
    """Lines as mappings."""
    return {
        tuple(line.labels.items()): dict(zip(line.times, line.values, strict=True))
        for line in lines
    }


def brute_force(minutes: list[Minute], question: Question) -> Answers:
    """The answer, worked out one minute at a time with no regard for speed."""
    found: dict[tuple[tuple[str, str], ...], dict[float, list[Minute]]] = {}
    for minute in sorted(minutes, key=lambda m: m.at):
        if minute.key.metric is question.metric and question.start <= minute.at < question.end:
            labels = tuple(question.group(minute.key.named()).items())
            step = (minute.at - question.start) // question.width
            steps = found.setdefault(labels, {})
            steps.setdefault(question.start + step * question.width, []).append(minute)
    return {
        labels: {at: whole(question, part) for at, part in steps.items()}
        for labels, steps in found.items()
    }


def whole(question: Question, part: list[Minute]) -> float:
    """The value of one step."""
    gauges = [minute for minute in part if isinstance(minute, GaugeMinute)]
    counters = [minute for minute in part if isinstance(minute, CounterMinute)]
    match question.function:
        case Function.INCREASE:
            return math.fsum(minute.increase for minute in counters)
        case Function.MEAN:
            covered = math.fsum(minute.covered for minute in gauges)
            return math.fsum(minute.mean * minute.covered for minute in gauges) / covered
        case Function.MIN:
            return min(minute.low for minute in gauges)
        case Function.MAX:
            return max(minute.high for minute in gauges)
        case Function.LAST:
            return math.fsum({minute.key: minute.last for minute in part}.values())
        case Function.QUANTILE:
            ranked = sorted(minute.mean for minute in gauges)
            below, share = divmod(question.q * (len(ranked) - 1), 1)
            above = min(int(below) + 1, len(ranked) - 1)
            return ranked[int(below)] * (1 - share) + ranked[above] * share


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[Minute], Question, float]:
    """Minutes of three GPUs with gaps, a question to them, and a time by which to pack."""
    rng = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311 - seeded, not secret
    metric = draw(st.sampled_from([power.NOW, power.ENERGY]))
    minutes: list[Minute] = []
    for uuid in ("GPU-a", "GPU-b", "GPU-c"):
        for at in range(T0, T0 + 300 * 60, 60):
            if rng.random() < 0.9:
                key = Key(uuid, metric)
                if metric is power.ENERGY:
                    minutes.append(counter(at, rng.random() * 1e4, rng.random() * 1e9, key))
                else:
                    minutes.append(noisy(at, key, rng))
    functions = [Function.INCREASE, Function.LAST]
    if metric is power.NOW:
        functions = [function for function in Function if function is not Function.INCREASE]
    question = Question(
        metric=metric,
        function=draw(st.sampled_from(functions)),
        start=T0 + draw(st.integers(-100, 150)) * 60,
        end=T0 + draw(st.integers(151, 400)) * 60,
        step=draw(st.sampled_from([0, 60, 300, 420, 3600])),
        by=draw(st.sampled_from([None, (), ("uuid",)])),
        q=draw(st.floats(0, 1)),
    )
    return minutes, question, T0 + draw(st.sampled_from([0, 2 * HOUR, DAY, 3 * DAY]))


def noisy(at: int, key: Key, rng: random.Random) -> GaugeMinute:
    """A minute of a busy GPU."""
    low, mean, high = sorted(rng.gauss(400, 30) for _ in range(3))
    return GaugeMinute(
        at=at, key=key, low=low, mean=mean, high=high, last=low, covered=rng.uniform(0.1, 60)
    )


@settings(max_examples=60, deadline=None)
@given(questions())
def test_answers_equal_brute_force(case: tuple[list[Minute], Question, float]) -> None:
    """Every function, step and grouping, packed or not, equals the minutes added up one by one."""
    minutes, question, now = case
    with tempfile.TemporaryDirectory() as folder, Database.open(Path(folder)) as database:
        history = SqliteHistory(database)
        history.append(minutes)
        settle(history, now)
        answer = by_labels(history.answer(question))

    expected = brute_force(minutes, question)

    assert answer.keys() == expected.keys()
    for labels, steps in expected.items():
        assert answer[labels] == pytest.approx(steps, rel=1e-12)


def test_a_series_of_the_node_has_no_uuid(history: SqliteHistory) -> None:
    """It is kept under none, goes on from where it was, and answers by its own labels only."""
    labels = ("00000000:A9:00.0", "20034", "reset_gpu")
    key = Key("", SXID_ERRORS, labels)
    rollup = Rollup({key: 1.0})
    layout = Layout(((SXID_ERRORS, labels),))
    rollup.observe("", Reading(at=T0 + 1.0, layout=layout, values=(3.0,)))
    history.append(rollup.flush(T0 + 2.0))
    question = Question(
        metric=SXID_ERRORS,
        function=Function.INCREASE,
        start=T0,
        end=T0 + 60,
        match={"sxid": "20034"},
    )

    (line,) = history.answer(question)

    assert (line.labels, list(line.values)) == (key.named(), [2.0])
    assert tuple(line.labels) == ("nvswitch", "sxid", "action")
    assert history.last_counters() == {key: 3.0}
    with pytest.raises(HistoryError, match="no label 'uuid'; it has nvswitch, sxid, action"):
        Question(metric=SXID_ERRORS, function=Function.LAST, start=0, end=60, by=("uuid",))
