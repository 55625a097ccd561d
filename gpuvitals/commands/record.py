"""`gpuvitals record`."""

import signal
import sys
import threading
import time
from pathlib import Path

import click

from catalog.errors import ConfigError, DriverError, DriverMissing
from gpuvitals.context import World
from probes.collectors import COLLECTORS
from probes.deadline import WatchedDevice
from probes.driver import Driver
from probes.messages import Start, Up
from probes.recording import Recorder, RecordingDriver
from probes.sources import open_source
from probes.worker import Clocks, Worker


@click.command()
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="File to write, .jsonl.gz."
)
@click.option("--seconds", required=True, type=click.FloatRange(min=1), help="How long to record.")
@click.option("--source", default="nvml", show_default=True, help="nvml or sim[:SCENARIO.yaml].")
@click.option(
    "--nvml-library", default="", help="NVML's library, if it is not where it usually is."
)
@click.option(
    "--phase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File whose content names what the machine does now; each change becomes a label.",
)
@click.option("--anonymous", is_flag=True, help="Replace UUIDs and serial numbers, to publish it.")
@click.pass_obj
def command(
    world: World,
    out: Path,
    seconds: float,
    source: str,
    nvml_library: str,
    phase_file: Path | None,
    *,
    anonymous: bool,
) -> None:
    """Write every reading of this machine's GPUs to a file that `serve --source replay:FILE` plays.

    Ctrl-C or SIGTERM ends it early; what was recorded until then is whole.

    Example: gpuvitals record --out h100.jsonl.gz --seconds 60
    """
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    driver = open_source(source, nvml_library or None)
    devices = driver.devices()
    if not devices:
        raise DriverMissing(0, "the driver has no devices, so there is nothing to record")
    if out.is_dir():
        raise ConfigError(f"{out} is a folder; name a file such as {out}/h100.jsonl.gz")
    start = Start(
        source=source,
        node="",
        nvml_library=None,
        collectors=frozenset(collector.name for collector in COLLECTORS),
        budgets={},
    )
    clocks = Clocks(wall=world.clock, steady=time.monotonic)
    with Recorder(out, world.clock) as recorder:
        recorder.header(driver, 1 + max(device.index for device in devices))
        recording = RecordingDriver(driver, recorder, anonymous=anonymous)
        for device in devices:
            watched = WatchedDevice(recording.recorded(device), clocks.steady)
            Worker(recording, watched, start, _nowhere, clocks).start()
        threading.Thread(target=_events, args=(driver, recorder), daemon=True).start()
        lasted = _label(recorder, phase_file, seconds, ended)
    print(f"{out}: {len(devices)} GPUs, {lasted:.0f} s", file=sys.stderr)


def _nowhere(_message: Up) -> None:
    """The recorder hears the driver, not the readings."""


def _events(driver: Driver, recorder: Recorder) -> None:
    while True:
        try:
            event = driver.wait_event(1.0)
        except DriverError:
            return  # No events from this driver: the readings go on.
        if event:
            recorder.line({"event": event})


def _label(
    recorder: Recorder, phase_file: Path | None, seconds: float, ended: threading.Event
) -> float:
    """Write down each new phase until *seconds* are over or it is *ended*; how long that took."""
    began, phase = time.monotonic(), ""
    while (left := began + seconds - time.monotonic()) > 0 and not ended.is_set():
        found = phase_file.read_text().strip() if phase_file and phase_file.exists() else ""
        if found and found != phase:
            phase = found
            recorder.line({"phase": phase})
        ended.wait(min(0.2, left))
    return time.monotonic() - began
