"""The reader child: the only process that talks to the driver. `python -m probes.reader FD` serves one socket.

The exporter's process never loads NVML: whatever the driver does to this one, `/metrics` keeps answering.
"""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping

from catalog.errors import DriverError
from catalog.snapshot import Tier
from probes import full_collection
from probes.answers import reason
from probes.channel import Channel
from probes.deadline import OK, Verdict, WatchedDevice, judge
from probes.driver import Driver
from probes.driver_events import meaning
from probes.messages import (
    Beat,
    DriverState,
    Enumerated,
    EventsFailed,
    Happened,
    Health,
    Logged,
    Start,
)
from probes.opening import Open, Opening, count
from probes.orders import Orders
from probes.sources import open_source
from probes.worker import Clocks, Worker

_TICK = 0.5
"""Seconds between two looks at the GPUs. Each wakes a process whose caches are cold, which costs more than the look."""
_OVERHEAR = 0.25
_BEAT = 1.0
_TELL = 10.0
"""Seconds after opening in which GPUs may tell who they are before those that are missed are taken for gone."""
_SEEK = 5.0
"""Seconds between two looks for GPUs that could not be opened."""
_TOO_YOUNG = 60.0
"""Seconds that a process reads at least before another looks at GPUs that the driver has since then."""


class Reader:
    """Opens the source, starts a worker per GPU, and watches that each answers in time."""

    def __init__(
        self,
        channel: Channel,
        start: Start,
        clocks: Clocks,
        open_driver: Open = open_source,
    ) -> None:
        self._channel = channel
        self._start = start
        self._clocks = clocks
        self._opening = Opening(start, channel.send, clocks.steady, open_driver)
        self._driver: Driver | None = None
        self._workers: dict[int, Worker] = {}
        self._amiss: dict[int, Verdict] = {}
        self._beaten = 0.0
        self._opened = 0.0
        self._enumerated: tuple[str, ...] | None = None

    def run(self) -> None:
        """Serve until the exporter hangs up; nothing here waits for the driver."""
        threading.Thread(target=self._open, name="open", daemon=True).start()
        threading.Thread(target=self._obey, name="obey", daemon=True).start()
        while True:
            self._watch()
            time.sleep(_TICK)

    # -- GPUs --------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        found = self._opening.opened()
        if found:
            driver, devices = found
            self._begin(driver, [WatchedDevice(d, self._clocks.steady) for d in devices])

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

    def _seek(self, driver: Driver) -> None:
        """Look for the GPUs that the driver counts and that could not be opened; those that are lost seek themselves."""
        while True:
            time.sleep(_SEEK)
            for index in set(range(self._opening.count)) - self._workers.keys():
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
        if old and count(driver, ()) > self._opening.count:
            os._exit(os.EX_TEMPFAIL)

    # -- watching ----------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        now = self._clocks.steady()
        if now - self._beaten >= _BEAT:
            self._channel.send(Beat())
            self._beaten = now
        self._opening.mind(now)
        self._enumerate(now)
        if self._amiss or self._troubled(now):
            self._tell(self._judge(now))

    def _troubled(self, now: float) -> bool:
        """Whether any GPU must be judged; most often none."""
        return any(
            worker.lost or worker.ended or worker.device.overdue(now)
            for worker in tuple(self._workers.values())
        )

    def _tell(self, verdicts: Mapping[int, Verdict]) -> None:
        for index, verdict in verdicts.items():
            if verdict.state != self._amiss.get(index, OK).state:
                self._channel.send(
                    Health(self._workers[index].uuid, index, verdict.state, verdict.reason)
                )
        self._amiss = {index: verdict for index, verdict in verdicts.items() if verdict != OK}

    def _enumerate(self, now: float) -> None:
        """Say which GPUs there are, once they had time to tell; and again when one tells late."""
        workers = tuple(self._workers.values())
        told = all(worker.named for worker in workers)
        if workers and (told or now - self._opened > _TELL):
            uuids = tuple(worker.uuid for worker in workers)
            if uuids != self._enumerated:
                self._channel.send(Enumerated(uuids, self._opening.count))
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
            time.sleep(_OVERHEAR)

    def _report(self, index: int, event_type: int, data: int) -> None:
        worker = self._workers.get(index)
        if worker:
            worker.read_now(Tier.SLOW)
        gpu = f"GPU {index}" if worker else "a GPU that is not read"
        uuid = worker.uuid if worker else ""
        event = meaning(self._clocks.wall(), gpu, uuid, event_type, data)
        if event:
            self._channel.send(Happened(event))

    # -- the end -----------------------------------------------------------------------------------------------------

    def _obey(self) -> None:
        source = self._start.source
        Orders(self._channel, source, self._reads, lambda: self._driver).obey()
        self._end()

    def _reads(self, uuid: str) -> Worker | None:
        return next((worker for worker in self._workers.values() if worker.uuid == uuid), None)

    def _end(self) -> None:
        """End at once: a worker may hang in the driver, and the kernel closes every device file."""
        os._exit(0)


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
