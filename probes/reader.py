"""The reader child: the only process that talks to the driver. `python -m probes.reader FD` serves one socket.

The exporter's process never loads NVML: whatever the driver does to this one, `/metrics` keeps answering.
"""

import itertools
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from catalog.errors import ConfigError, DriverError, GpuVitalsError
from catalog.snapshot import Tier
from probes import full_collection
from probes.answers import reason
from probes.channel import Channel
from probes.deadline import FIRST_CALL, OK, Verdict, WatchedDevice, judge
from probes.driver import Device, Driver, Return
from probes.driver_events import meaning
from probes.messages import (
    Beat,
    BenchNow,
    Down,
    DriverState,
    Enumerated,
    EventsFailed,
    Happened,
    Health,
    Inject,
    Logged,
    Past,
    ReadNow,
    Reply,
    Start,
    Stop,
)
from probes.sources import open_source
from probes.worker import Clocks, Worker

logger = logging.getLogger(__name__)

_TICK = 0.25
_BEAT = 1.0
_RETRIES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_TELL = 10.0
"""Seconds after opening in which GPUs may tell who they are before those that are missed are taken for gone."""
_SEEK = 5.0
"""Seconds between two looks for GPUs that could not be opened."""
_TOO_YOUNG = 60.0
"""Seconds that a process reads at least before another looks at GPUs that the driver has since then."""
_AFRESH = 5.0
"""Seconds after which another process opens a driver that this one could not; starting one costs 0.2 s."""


class Reader:
    """Opens the source, starts a worker per GPU, and watches that each answers in time."""

    def __init__(
        self,
        channel: Channel,
        start: Start,
        clocks: Clocks,
        open_driver: Callable[[str, str | None, Past], Driver] = open_source,
    ) -> None:
        self._channel = channel
        self._start = start
        self._clocks = clocks
        self._open_driver = open_driver
        self._driver: Driver | None = None
        self._workers: dict[int, Worker] = {}
        self._verdicts: dict[int, Verdict] = {}
        self._beaten = 0.0
        self._opening: float | None = None
        self._opened = 0.0
        self._count = 0
        self._enumerated: tuple[str, ...] | None = None

    def run(self) -> None:
        """Serve until the exporter hangs up; nothing here waits for the driver."""
        threading.Thread(target=self._open, name="open", daemon=True).start()
        threading.Thread(target=self._obey, name="obey", daemon=True).start()
        while True:
            self._watch()
            time.sleep(_TICK)

    # -- opening -----------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        for attempt in itertools.count():
            try:
                driver, devices = self._opened_source()
            except ConfigError as error:
                self._channel.send(DriverState(up=False, reason=str(error), fatal=True))
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, the driver cannot be read
                self._failed(error)
            else:
                if devices:
                    self._begin(driver, [WatchedDevice(d, self._clocks.steady) for d in devices])
                    return
            time.sleep(_RETRIES[min(attempt, len(_RETRIES) - 1)])

    def _opened_source(self) -> tuple[Driver, Sequence[Device]]:
        self._opening = self._clocks.steady()
        try:
            start = self._start
            driver = self._open_driver(start.source, start.nvml_library, start.past)
            devices = _devices(driver)
            self._count = _count(driver, devices)
            if not devices:
                driver.close()
        finally:
            self._opening = None
        if not devices:
            self._channel.send(DriverState(up=False, reason="the driver has no devices"))
        return driver, devices

    def _failed(self, error: Exception) -> None:
        """Say so; if a library was loaded, end: a process keeps it, and would not see the one of another driver."""
        if not isinstance(error, DriverError):
            logger.error("driver.failed", exc_info=error)
        text = str(error) if isinstance(error, DriverError) else type(error).__name__
        self._channel.send(DriverState(up=False, reason=text))
        if not isinstance(error, DriverError) or error.code != Return.LIBRARY_NOT_FOUND:
            time.sleep(_AFRESH)
            os._exit(os.EX_TEMPFAIL)

    def _begin(self, driver: Driver, devices: list[WatchedDevice]) -> None:
        self._opened = self._clocks.steady()
        self._driver = driver
        opened = tuple(device.index for device in devices)
        self._channel.send(DriverState(up=True, reason="", opened=opened))
        self._workers = {device.index: self._worker(driver, device) for device in devices}
        for worker in self._workers.values():
            worker.start()
        for work in (self._listen, self._seek, self._overhear):
            threading.Thread(target=work, args=(driver,), name=work.__name__, daemon=True).start()

    def _worker(self, driver: Driver, device: WatchedDevice) -> Worker:
        return Worker(driver, device, self._start, self._channel.send, self._clocks)

    # -- GPUs that come later ----------------------------------------------------------------------------------------

    def _seek(self, driver: Driver) -> None:
        """Look for the GPUs that the driver counts and that could not be opened; those that are lost seek themselves."""
        while True:
            time.sleep(_SEEK)
            for index in set(range(self._count)) - self._workers.keys():
                self._try(driver, index)
            self._recount(driver)

    def _try(self, driver: Driver, index: int) -> None:
        try:
            device = WatchedDevice(driver.find(index, ""), self._clocks.steady)
        except DriverError:
            return
        worker = self._worker(driver, device)
        self._workers = {**self._workers, index: worker}
        worker.start()

    def _recount(self, driver: Driver) -> None:
        """End if the driver has more GPUs than when it was opened: only another process can open those."""
        old = self._clocks.steady() - self._opened > _TOO_YOUNG
        if old and _count(driver, ()) > self._count:
            os._exit(os.EX_TEMPFAIL)

    # -- watching ----------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        now = self._clocks.steady()
        if now - self._beaten >= _BEAT:
            self._channel.send(Beat())
            self._beaten = now
        self._mind_opening(now)
        self._enumerate(now)
        for index, verdict in self._judge(now).items():
            before = self._verdicts.get(index, OK)
            self._verdicts[index] = verdict
            if verdict.state != before.state:
                self._channel.send(
                    Health(self._workers[index].uuid, index, verdict.state, verdict.reason)
                )

    def _mind_opening(self, now: float) -> None:
        began = self._opening
        if began is not None and now - began > FIRST_CALL:
            self._opening = None  # It is said once.
            text = f"opening the driver has not returned for {FIRST_CALL:.0f} s"
            self._channel.send(DriverState(up=False, reason=text))

    def _enumerate(self, now: float) -> None:
        """Say which GPUs there are, once they had time to tell; and again when one tells late."""
        workers = tuple(self._workers.values())
        told = all(worker.named for worker in workers)
        if workers and (told or now - self._opened > _TELL):
            uuids = tuple(worker.uuid for worker in workers)
            if uuids != self._enumerated:
                self._channel.send(Enumerated(uuids, self._count))
            self._enumerated = uuids

    def _judge(self, now: float) -> Mapping[int, Verdict]:
        workers = dict(self._workers)
        lost = {index for index, worker in workers.items() if worker.lost or worker.ended}
        verdicts = judge({index: worker.device for index, worker in workers.items()}, now, lost)
        for index in lost:
            worker = workers[index]
            if worker.ended:
                verdicts[index] = Verdict("unknown", "its thread has ended")
            elif verdicts[index].state != "hung":
                verdicts[index] = Verdict("lost", worker.lost)
        return verdicts

    # -- events ------------------------------------------------------------------------------------------------------

    def _listen(self, driver: Driver) -> None:
        while True:
            try:
                found = driver.wait_event(1.0)
            except Exception as error:  # noqa: BLE001 - without events everything else goes on
                self._channel.send(EventsFailed(_reason(error)))
                time.sleep(1.0)
                continue
            if found:
                self._report(*found)

    def _overhear(self, driver: Driver) -> None:
        """Pass on what a simulated machine's kernel logs; a real one's log is not ours to read."""
        log = getattr(driver, "log", None)
        while log is not None:
            for at, text in log():
                self._channel.send(Logged(at, text))
            time.sleep(_TICK)

    def _report(self, index: int, event_type: int, data: int) -> None:
        worker = self._workers.get(index)
        if worker:
            worker.read_now(Tier.SLOW)
        gpu = f"GPU {index}" if worker else "a GPU that is not read"
        uuid = worker.uuid if worker else ""
        event = meaning(self._clocks.wall(), gpu, uuid, event_type, data)
        if event:
            self._channel.send(Happened(event))

    # -- orders ------------------------------------------------------------------------------------------------------

    def _obey(self) -> None:
        while (order := self._channel.receive()) is not None:
            if isinstance(order, Stop):
                break
            self._do(order)
        self._end()

    def _do(self, order: Down) -> None:
        if isinstance(order, ReadNow):
            for worker in self._workers.values():
                if worker.uuid == order.uuid:
                    worker.read_now(order.tier, order.request)
                    return
            self._channel.send(Reply(order.request, f"there is no GPU {order.uuid}"))
        elif isinstance(order, Inject):
            self._channel.send(Reply(order.request, self._inject(order.fault)))
        elif isinstance(order, BenchNow):
            self._channel.send(self._bench(order))

    def _inject(self, fault: Mapping[str, object]) -> str | None:
        inject = getattr(self._driver, "inject", None)
        if inject is None:
            return f"faults can be injected into a simulated source only, not into {self._start.source}"
        try:
            inject(fault)
        except GpuVitalsError as error:
            return str(error)
        return None

    def _bench(self, order: BenchNow) -> Reply:
        bench = getattr(self._driver, "bench", None)
        if bench is None:
            return Reply(order.request, "only a simulated GPU knows what a probe would find")
        try:
            return Reply(order.request, None, bench(order.uuid, order.probe))
        except GpuVitalsError as error:
            return Reply(order.request, str(error))

    def _end(self) -> None:
        """End at once: a worker may hang in the driver, and the kernel closes every device file."""
        os._exit(0)


def _devices(driver: Driver) -> Sequence[Device]:
    try:
        return driver.devices()
    except Exception:
        driver.close()
        raise


def _count(driver: Driver, devices: Sequence[Device]) -> int:
    """How many GPUs the driver says there are, those that cannot be opened included."""
    try:
        count = driver.ask("nvmlDeviceGetCount")
    except DriverError:
        return len(devices)
    return count if isinstance(count, int) else len(devices)


def _reason(error: Exception) -> str:
    return reason(error.code) if isinstance(error, DriverError) else type(error).__name__


def main() -> None:
    """Serve the socket whose descriptor is the only argument."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the exporter decides.
    threading.excepthook = _thread_ended
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    start = channel.receive()
    if not isinstance(start, Start):
        return
    full_collection.begin()
    try:
        Reader(channel, start, Clocks(wall=time.time, steady=time.monotonic)).run()
    except OSError:
        os._exit(0)  # The exporter is gone.


def _thread_ended(args: threading.ExceptHookArgs) -> None:
    """Whichever thread first notices that the exporter is gone ends the process."""
    if issubclass(args.exc_type, OSError):
        os._exit(0)
    threading.__excepthook__(args)


if __name__ == "__main__":
    main()
