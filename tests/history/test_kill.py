import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

from catalog.metrics import power
from history.database import Database
from history.minute import Key
from history.question import Function, Question
from history.rollup import Rollup
from history.sqlite import SqliteHistory
from tests.history.appender import SERIES
from tests.history.samples import ENERGY, POWER, T0, reading

KILLS = 20
ROOT = Path(__file__).parents[2]


def appended_until_killed(folder: Path, start: int, seconds: float) -> int:
    """Let a child append, kill it without warning, and count the minutes that it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.history.appender", folder, str(start)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        timer = threading.Timer(seconds, child.send_signal, [signal.SIGKILL])
        timer.start()
        rest = child.stdout.read()
        timer.join()
    assert child.returncode == -signal.SIGKILL
    return len((first + rest).splitlines())


def test_kill_at_any_moment(tmp_path: Path) -> None:
    """After SIGKILL at twenty random moments the file is whole and has every acknowledged minute."""
    rng = random.Random(7)  # noqa: S311 - seeded, not secret
    acknowledged = 0
    for _ in range(KILLS):
        start = acknowledged
        acknowledged += appended_until_killed(tmp_path, start, rng.uniform(0, 0.3))
        with Database.open(tmp_path) as database:
            with database.reading() as connection:
                (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
            history = SqliteHistory(database)
            question = Question(
                metric=power.NOW, function=Function.LAST, start=T0, end=T0 + 10**8, step=60
            )
            lines = history.answer(question)
            last = history.last_counters()

        assert verdict == "ok"
        assert len(lines) == SERIES
        for line in lines:
            minutes = [float(number) for number in range(len(line.values))]
            assert list(line.values) == minutes
            assert len(minutes) - acknowledged in (0, 1)  # committed, but killed before it said so
        assert last[ENERGY._replace(uuid="GPU-0")] == len(lines[0].values) - 1
        acknowledged = len(lines[0].values)
    assert acknowledged > KILLS


def values(folder: Path, key: Key, function: Function) -> list[tuple[float, float]]:
    """The minutes of one series, each with its start counted from T0."""
    question = Question(metric=key.metric, function=function, start=T0, end=T0 + 180, step=60)
    with Database.open_reader(folder) as database:
        lines = SqliteHistory(database).answer(question)
    return [
        (at - T0, value)
        for line in lines
        for at, value in zip(line.times, line.values, strict=True)
    ]


def test_what_a_kill_loses(tmp_path: Path) -> None:
    """Of gauges the minutes that were not written yet; of counters nothing: the next exporter's first minute has it."""
    with Database.open(tmp_path) as database:
        history, rollup = SqliteHistory(database), Rollup()
        for second in range(110):
            rollup.observe("GPU-a", reading(T0 + second, 100.0, 1000.0 + 7 * second))
        history.append(rollup.due(T0 + 110))
    # Killed: nobody flushes, and what the second minute had got is gone.

    with Database.open(tmp_path) as database:
        history = SqliteHistory(database)
        rollup = Rollup(history.last_counters())
        for second in range(130, 150):
            rollup.observe("GPU-a", reading(T0 + second, 300.0, 1000.0 + 7 * second))
        history.append(rollup.flush(T0 + 150))

    assert values(tmp_path, POWER, Function.MEAN) == [(0, 100.0), (120, 300.0)]
    assert values(tmp_path, ENERGY, Function.INCREASE) == [(0, 7.0 * 59), (120, 7.0 * 90)]
