import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

from catalog.metrics import power
from history.database import Database
from history.question import Function, Question
from history.sqlite import SqliteHistory
from tests.history.appender import SERIES
from tests.history.samples import ENERGY, T0

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
