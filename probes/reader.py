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

from catalog.errors import ConfigError, DriverError, GpuVitalsError
from catalog.event import Event, EventKind, Severity
from catalog.snapshot import Tier
from probes.channel import Channel
from probes.deadline import OK, Verdict, WatchedDevice, judge
from probes.driver import Driver
from probes.messages import (
    Beat,
    Down,
    DriverState,
    Happened,
    Health,
    Inject,
    ReadNow,
    Reply,
    Start,
    Stop,
)
from probes.sources import open_source
from probes.worker import Clocks, Worker

_TICK = 0.25
_BEAT = 1.0
_RETRIES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_XID = 0x8  # nvmlEventTypeXidCriticalError


class Reader:
    """Opens the source, starts a worker per GPU, and watches that each answers in time."""

    def __init__(self, channel: Channel, start: Start, clocks: Clocks) -> None:
        self._channel = channel
        self._start = start
        self._clocks = clocks
        self._driver: Driver | None = None
        self._workers: dict[int, Worker] = {}
        self._verdicts: dict[int, Verdict] = {}
        self._beaten = 0.0

    def run(self) -> None:
        """Serve until the exporter hangs up; nothing here waits for the driver."""
        threading.Thread(target=self._open, name="open", daemon=True).start()
        threading.Thread(target=self._obey, name="obey", daemon=True).start()
        while True:
            self._watch()
            time.sleep(_TICK)

    # -- opening -----------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        for attempt in range(sys.maxsize):
            try:
                driver = open_source(self._start.source, self._start.nvml_library)
                devices = driver.devices()
            except ConfigError as error:
                self._channel.send(DriverState(up=False, reason=str(error), fatal=True))
                return
            except DriverError as error:
                self._channel.send(DriverState(up=False, reason=str(error)))
            else:
                if devices:
                    self._begin(driver, [WatchedDevice(d, self._clocks.steady) for d in devices])
                    return
                self._channel.send(DriverState(up=False, reason="the driver has no devices"))
                driver.close()
            time.sleep(_RETRIES[min(attempt, len(_RETRIES) - 1)])

    def _begin(self, driver: Driver, devices: list[WatchedDevice]) -> None:
        self._driver = driver
        self._channel.send(DriverState(up=True, reason=""))
        self._workers = {
            device.index: Worker(driver, device, self._start, self._channel.send, self._clocks)
            for device in devices
        }
        for worker in self._workers.values():
            worker.start()
        threading.Thread(target=self._listen, args=(driver,), name="events", daemon=True).start()

    # -- watching ----------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        now = self._clocks.steady()
        if now - self._beaten >= _BEAT:
            self._channel.send(Beat())
            self._beaten = now
        for index, verdict in self._judge(now).items():
            before = self._verdicts.get(index, OK)
            self._verdicts[index] = verdict
            if verdict.state != before.state:
                self._channel.send(
                    Health(self._workers[index].uuid, index, verdict.state, verdict.reason)
                )

    def _judge(self, now: float) -> Mapping[int, Verdict]:
        workers = dict(self._workers)
        verdicts = judge({index: worker.device for index, worker in workers.items()}, now)
        for index, worker in workers.items():
            if worker.lost and verdicts[index] is OK:
                verdicts[index] = Verdict("lost", worker.lost)
        return verdicts

    # -- events ------------------------------------------------------------------------------------------------------

    def _listen(self, driver: Driver) -> None:
        while True:
            try:
                found = driver.wait_event(1.0)
            except DriverError:
                time.sleep(1.0)  # No events from this driver or GPU: everything else goes on.
                continue
            worker = self._workers.get(found[0]) if found else None
            if found and worker:
                self._report(worker, *found[1:])

    def _report(self, worker: Worker, event_type: int, data: int) -> None:
        worker.read_now(Tier.SLOW)
        if event_type != _XID:
            return
        self._channel.send(
            Happened(
                Event(
                    at=self._clocks.wall(),
                    kind=EventKind.XID,
                    severity=Severity.WARNING,
                    message=f"Xid {data} on GPU {worker.device.index}",
                    uuid=worker.uuid,
                    code=data,
                )
            )
        )

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

    def _inject(self, fault: Mapping[str, object]) -> str | None:
        inject = getattr(self._driver, "inject", None)
        if inject is None:
            return f"faults can be injected into a simulated source only, not into {self._start.source}"
        try:
            inject(fault)
        except GpuVitalsError as error:
            return str(error)
        return None

    def _end(self) -> None:
        """End at once: a worker may hang in the driver, and the kernel closes every device file."""
        os._exit(0)


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
