"""Opens the driver: tries again until there is one with devices, and tells the exporter what stands in the way."""

import itertools
import logging
import os
import time
from collections.abc import Callable, Sequence

from catalog.errors import ConfigError, DriverError
from probes.deadline import FIRST_CALL
from probes.driver import Device, Driver, Return
from probes.messages import DriverState, Past, Start, Up

logger = logging.getLogger(__name__)

_RETRIES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_AFRESH = 5.0
"""Seconds after which another process opens a driver that this one could not; starting one costs 0.2 s."""

Open = Callable[[str, str | None, Past], Driver]


class Opening:
    """Opens what *start* names.

    Args:
        send: tells the exporter.
        clock: seconds that never jump.
        open_driver: opens a source.

    Attributes:
        count: how many GPUs the driver says there are.
    """

    def __init__(
        self,
        start: Start,
        send: Callable[[Up], None],
        clock: Callable[[], float],
        open_driver: Open,
    ) -> None:
        self._start = start
        self._send = send
        self._clock = clock
        self._open_driver = open_driver
        self._began: float | None = None
        self.count = 0

    def opened(self) -> tuple[Driver, Sequence[Device]] | None:
        """The driver and its devices, as soon as it has any; None if the source can never be opened."""
        for attempt in itertools.count():
            try:
                driver, devices = self._once()
            except ConfigError as error:
                self._send(DriverState(up=False, reason=str(error), fatal=True))
                return None
            except Exception as error:  # noqa: BLE001 - whatever it is, the driver cannot be read
                self._failed(error)
            else:
                if devices:
                    return driver, devices
                self._send(DriverState(up=False, reason="the driver has no devices"))
            time.sleep(_RETRIES[min(attempt, len(_RETRIES) - 1)])
        return None

    def mind(self, now: float) -> None:
        """Say, once, that it takes too long."""
        began = self._began
        if began is not None and now - began > FIRST_CALL:
            self._began = None
            text = f"opening the driver has not returned for {FIRST_CALL:.0f} s"
            self._send(DriverState(up=False, reason=text))

    def _once(self) -> tuple[Driver, Sequence[Device]]:
        self._began = self._clock()
        try:
            start = self._start
            driver = self._open_driver(start.source, start.nvml_library, start.past)
            devices = _devices(driver)
            self.count = count(driver, devices)
            if not devices:
                driver.close()
        finally:
            self._began = None
        return driver, devices

    def _failed(self, error: Exception) -> None:
        """Say so; if a library was loaded, end: a process keeps it, and would not see the one of another driver."""
        if not isinstance(error, DriverError):
            logger.error("driver.failed", exc_info=error)
        text = str(error) if isinstance(error, DriverError) else type(error).__name__
        self._send(DriverState(up=False, reason=text))
        if not isinstance(error, DriverError) or error.code != Return.LIBRARY_NOT_FOUND:
            time.sleep(_AFRESH)
            os._exit(os.EX_TEMPFAIL)


def _devices(driver: Driver) -> Sequence[Device]:
    try:
        return driver.devices()
    except Exception:
        driver.close()
        raise


def count(driver: Driver, devices: Sequence[Device]) -> int:
    """How many GPUs the driver says there are, those that cannot be opened included."""
    try:
        found = driver.ask("nvmlDeviceGetCount")
    except DriverError:
        return len(devices)
    return found if isinstance(found, int) else len(devices)
