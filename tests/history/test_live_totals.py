"""Our counters survive a kill at any moment: what was shown is never taken back."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from catalog.metrics import utilization
from catalog.snapshot import Layout, Reading
from history.live_totals import KEYS, VALUES, LiveTotals
from history.minute import Key

BUSY = Layout(((utilization.BUSY, ()),))

STORING = """
import itertools, sys
from pathlib import Path
from catalog.metrics import utilization
from catalog.snapshot import Layout, Reading
from history.live_totals import LiveTotals

totals, layout = LiveTotals(Path(sys.argv[1])), Layout(((utilization.BUSY, ()),))
for second in itertools.count(1):
    totals.store("GPU-a", Reading(at=0.0, layout=layout, values=(float(second),)))
    print(second, flush=True)
"""


def reading(value: float, layout: Layout = BUSY) -> Reading:
    """One total."""
    return Reading(at=0.0, layout=layout, values=(value,))


def loaded(folder: Path) -> dict[Key, float]:
    """What the next process finds."""
    totals = LiveTotals(folder)
    found = totals.load()
    totals.close()
    return found


def test_totals_are_found_again(tmp_path: Path) -> None:
    """The next exporter goes on where this one stopped."""
    totals = LiveTotals(tmp_path)
    totals.store("GPU-a", reading(1.5))
    totals.store("GPU-b", reading(2.5))
    totals.store("GPU-a", reading(3.5))
    totals.close()

    assert loaded(tmp_path) == {
        Key("GPU-a", utilization.BUSY): 3.5,
        Key("GPU-b", utilization.BUSY): 2.5,
    }


@pytest.mark.parametrize("_time", range(5))
def test_what_was_shown_survives_a_kill(tmp_path: Path, _time: int) -> None:
    """A process that is killed has kept at least what it said before."""
    command = [sys.executable, "-c", STORING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = [int(process.stdout.readline()) for _ in range(200)]
        os.kill(process.pid, signal.SIGKILL)
        said += [int(line) for line in process.stdout.read().split("\n")[:-1]]

    assert loaded(tmp_path)[Key("GPU-a", utilization.BUSY)] >= said[-1]


def test_many_series_make_room(tmp_path: Path) -> None:
    """More series than the file began with are kept too."""
    totals = LiveTotals(tmp_path)
    for number in range(9000):
        totals._places[Key(f"GPU-{number}", utilization.BUSY)] = len(totals._rows)
        totals._rows.append((utilization.BUSY.name, f"GPU-{number}", ()))
    totals.store("GPU-last", reading(7.0))
    totals.close()

    assert loaded(tmp_path)[Key("GPU-last", utilization.BUSY)] == 7.0


@pytest.mark.parametrize("content", [b"", b"\xff\xff", b"\x91\x93"])
def test_damaged_names_begin_anew(tmp_path: Path, content: bytes) -> None:
    """A power cut may leave anything; the database has its own totals."""
    (tmp_path / KEYS).write_bytes(content)
    (tmp_path / VALUES).write_bytes(b"\x00" * 100)

    assert loaded(tmp_path) == {}


def test_a_metric_that_is_no_more_is_left_out(tmp_path: Path) -> None:
    """An upgrade that drops a metric, or gives it another label, finds the others."""
    totals = LiveTotals(tmp_path)
    totals._rows.append(("gpu_gone_total", "GPU-a", ()))
    totals._rows.append((utilization.BUSY.name, "GPU-a", ("of another version",)))
    totals.store("GPU-a", reading(4.0))
    totals.close()

    assert loaded(tmp_path) == {Key("GPU-a", utilization.BUSY): 4.0}
