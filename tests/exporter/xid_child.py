"""A child that counts the Xids of a log until it is killed: `python -m tests.exporter.xid_child LOG FOLDER`.

It prints a line when it has begun and after each commit, and ends in order when its input ends.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from catalog.xid.actions import Action
from exporter.commit_events import EventCommits
from exporter.kernel_log import Wiring, XidWatch
from exporter.xid_totals import XidTotals
from exporter.xids import Counted
from history.database import Database
from history.totals import Totals
from probes.kernel_log.reader import KernelLog

PLACES = {f"00000000:{bus:02X}:00.0": f"GPU-{bus}" for bus in range(8)}


def _say(word: str) -> None:
    print(word, flush=True)  # noqa: T201 - the parent waits for it


def _count(counted: Sequence[Counted]) -> None:
    _say(f"committed {counted[-1].event.message}")


async def _follow(log: Path, database: Database) -> None:
    commits = EventCommits(database, str(log))
    mark = commits.mark()
    wiring = Wiring(
        steady=time.monotonic,
        places=lambda: PLACES,
        switches=lambda _: None,
        asked=lambda _: Action.NONE,
        counted=_count,
        problem=lambda problem: _say(f"problem {problem}"),
        lost=lambda lost: _say(f"lost {lost}"),
        failed=lambda error: _say(f"failed {error}"),
    )
    reader = KernelLog(
        log,
        mark.cursor if mark else None,
        boot="one boot",
        wall=time.time,
        steady=time.monotonic,
    )
    watch = XidWatch(reader, XidTotals(Totals(database).load()), commits, wiring)
    await watch.step()
    _say("begun")
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), ending.set)
    while not ending.is_set():  # without a pause, so that a kill meets a commit
        await watch.step()
    await watch.run(ending)


def main() -> None:
    """Follow until killed, or until the parent closes our input."""
    log, folder = map(Path, sys.argv[1:])
    with Database.open(folder) as database:
        asyncio.run(_follow(log, database))


if __name__ == "__main__":
    main()
