"""The exporter's end of the reader child, with a real child of the simulator."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from catalog.errors import CollectorError
from catalog.snapshot import Tier
from exporter.config import Config
from exporter.plan import start
from exporter.reader import ReaderProcess
from probes.messages import DriverState, Found, Health, NewReading, Start, Up
from tests.exporter.server import children

PATIENCE = 30.0
"""Seconds that a test waits for what must come; it comes much sooner."""


class Reading:
    """A reader that runs, and what it said."""

    def __init__(self, begin: Start) -> None:
        self.heard: asyncio.Queue[Up] = asyncio.Queue()
        self.ended: list[str] = []
        self.begin = begin
        self.reader = ReaderProcess(begin, self.heard.put_nowait, self.ended.append, time.time)

    async def until(self, kind: type[Up]) -> Up:
        """The next message of this kind."""
        async with asyncio.timeout(PATIENCE):
            while not isinstance(message := await self.heard.get(), kind):
                pass
        return message

    async def silent(self, seconds: float) -> bool:
        """Whether it says nothing for so long."""
        while not self.heard.empty():
            self.heard.get_nowait()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.heard.get(), seconds)
            return False
        return True


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """Two GPUs."""
    path = tmp_path / "scenario.yaml"
    path.write_text("gpus: [{model: H100, count: 2}]\n")
    return path


@contextlib.asynccontextmanager
async def running(config: Config) -> AsyncIterator[Reading]:
    """A reader that has begun to be started."""
    reading = Reading(start(config))
    running = asyncio.create_task(reading.reader.run())
    try:
        yield reading
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def reading(scenario: Path) -> AsyncIterator[Reading]:
    """A reader of two GPUs."""
    async with running(Config(source=f"sim:{scenario}")) as reading:
        yield reading


async def test_it_reads(reading: Reading) -> None:
    """The driver is up, GPUs are found, read and well."""
    assert await reading.until(DriverState) == DriverState(up=True, reason="", opened=(0, 1))
    assert isinstance(await reading.until(Found), Found)
    await reading.until(NewReading)
    health = await reading.until(Health)
    assert isinstance(health, Health)
    assert health.state == "ok"


async def test_a_tier_is_read_when_someone_asks(reading: Reading) -> None:
    """The request returns when the reading is done; one for a GPU that is not there fails with the reason."""
    found = await reading.until(Found)
    assert isinstance(found, Found)

    await reading.reader.read_now(found.identity.uuid, Tier.SLOW)

    with pytest.raises(CollectorError, match="there is no GPU GPU-x"):
        await reading.reader.read_now("GPU-x", Tier.SLOW)


async def test_a_request_before_the_child_runs_is_refused(reading: Reading) -> None:
    """It says what to do."""
    with pytest.raises(CollectorError, match="the reader is not running; try again"):
        await reading.reader.inject({"gpu": 0, "kind": "hang"})


async def test_a_child_that_is_born_during_a_release_ends(reading: Reading) -> None:
    """A release that comes while a child is being started leaves nobody who holds the driver."""
    await asyncio.sleep(0)

    await reading.reader.release(2.0)

    assert await reading.silent(1.0)
    await reading.until(Health)
    assert reading.ended == []


async def test_a_second_release_is_not_cut_short_by_the_first(reading: Reading) -> None:
    """The time of the last one counts."""
    await reading.until(Health)

    await reading.reader.release(0.2)
    await reading.reader.release(2.0)

    assert await reading.silent(1.0)
    await reading.until(Health)


async def test_a_restart_takes_effect_at_once(reading: Reading, scenario: Path) -> None:
    """Even while a child is being started: it is the new configuration that is read by."""
    await asyncio.sleep(0)
    scenario.with_name("other.yaml").write_text("gpus: [{model: A100}]\n")

    await reading.reader.restart(start(Config(source=f"sim:{scenario.with_name('other.yaml')}")))

    async with asyncio.timeout(PATIENCE):
        while True:
            found = await reading.until(Found)
            assert isinstance(found, Found)
            if "A100" in found.identity.model:
                break
    assert reading.ended == []


async def test_a_restart_does_not_end_a_release(reading: Reading) -> None:
    """A reload of the configuration takes effect when the driver may be read again."""
    await reading.until(Health)
    await reading.reader.release(2.0)

    await reading.reader.restart(start(Config(source="sim")))

    assert await reading.silent(1.0)
    await reading.until(Health)


async def test_a_recording_has_no_faults() -> None:
    """Faults are for simulated sources only."""
    recording = Path(__file__).parents[2] / "probes" / "recordings" / "h200.jsonl.gz"
    async with running(Config(source=f"replay:{recording}")) as reading:
        await reading.until(Found)

        with pytest.raises(CollectorError, match="into a simulated source only"):
            await reading.reader.inject({"gpu": 0, "kind": "hang"})


async def test_the_end_leaves_no_child() -> None:
    """When the exporter ends so does its child."""
    before = children(os.getpid())
    async with running(Config(source="sim")) as reading:
        await reading.until(Health)
        assert children(os.getpid()) != before

    assert children(os.getpid()) == before


async def test_the_current_folder_has_no_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module of ours or of a library that lies where the exporter was started is not run."""
    (tmp_path / "probes").mkdir()
    (tmp_path / "msgspec.py").write_text("raise SystemExit('hijacked')\n")
    monkeypatch.chdir(tmp_path)

    async with running(Config(source="sim")) as reading:
        await reading.until(NewReading)

        assert reading.ended == []


async def test_a_restart_without_a_change_disturbs_nobody(reading: Reading) -> None:
    """SIGHUP with an unchanged configuration leaves the child alone."""
    await reading.until(NewReading)
    (before,) = children(os.getpid())

    changed = await reading.reader.restart(reading.begin)

    assert not changed
    assert children(os.getpid()) == [before]
