"""A recording: every answer that a driver gave, as JSON lines in gzip, with the time and the phase.

The first line is a header, then one object per line:

    {"recording": 1, "made": 1795518000.0, "devices": 1, "system": {"nvmlSystemGetDriverVersion": "580.159.04"}}
    {"t": 0.01, "gpu": 0, "q": "nvmlDeviceGetClockInfo", "a": [1], "v": 345}
    {"t": 0.02, "gpu": 0, "q": "nvmlDeviceGetFanSpeed_v2", "a": [0], "e": 3}
    {"t": 61.0, "phase": "compute-bound"}
    {"t": 61.5, "event": [0, 8, 79]}

`v` is the answer as it came, `e` the driver's error code in its place, `t` seconds since `made`.
"""

import gzip
import json
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from catalog.errors import ConfigError, DriverError
from probes.driver import Answer, Device, Driver

FORMAT = 1
SYSTEM = (
    "nvmlSystemGetDriverVersion",
    "nvmlSystemGetNVMLVersion",
    "nvmlSystemGetCudaDriverVersion",
    "nvmlSystemGetConfComputeState",
)
"""Questions about the whole machine; asked once, in the header."""

# What tells one board from another; replaced when a recording is to be published.
_IDENTIFIERS: Mapping[str, Answer] = {
    "nvmlDeviceGetSerial": "0000000000000",
    "nvmlDeviceGetUUID": "GPU-00000000-0000-0000-0000-{:012d}",
}

_MOST_DEVICES = 1024
_FLUSH = 5.0
"""Seconds of lines that may be lost when the process is killed."""

Clock = Callable[[], float]


class Recorder:
    """Writes lines; safe from any thread; closing it makes the file whole.

    Raises:
        ConfigError: the file cannot be written.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        try:
            self._file = gzip.open(path, "wt", encoding="utf-8")  # noqa: SIM115 - closed by __exit__
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
        self._clock = clock
        self._made = self._flushed = clock()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._file.close()

    def header(self, driver: Driver, devices: int) -> None:
        system = {question: answer for question in SYSTEM if (answer := _system(driver, question))}
        self._write(
            {"recording": FORMAT, "made": self._made, "devices": devices, "system": system}
        )
        self._file.flush()

    def line(self, content: Mapping[str, object]) -> None:
        self._write({"t": round(self._clock() - self._made, 3), **content})

    def _write(self, content: Mapping[str, object]) -> None:
        text = json.dumps(content, separators=(",", ":"))
        with self._lock:
            if self._file.closed:
                return
            self._file.write(text + "\n")
            if abs(self._clock() - self._flushed) >= _FLUSH:
                self._file.flush()
                self._flushed = self._clock()


class RecordingDevice:
    """Passes questions on and writes down each answer."""

    def __init__(self, device: Device, recorder: Recorder, *, anonymous: bool) -> None:
        self.index = device.index
        self._device = device
        self._recorder = recorder
        self._anonymous = anonymous

    def ask(self, question: str, *args: int) -> Answer:
        line: dict[str, object] = {"gpu": self.index, "q": question}
        if args:
            line["a"] = args
        try:
            answer = self._device.ask(question, *args)
        except DriverError as error:
            self._recorder.line({**line, "e": error.code})
            raise
        if self._anonymous and question in _IDENTIFIERS:
            answer = str(_IDENTIFIERS[question]).format(self.index)
        self._recorder.line({**line, "v": answer})
        return answer

    def mig_devices(self) -> Sequence[Device]:
        """None: instances come and go, and a recording has no place for them."""
        return ()


class RecordingDriver:
    """A driver whose GPUs are recorded. Implements `probes.driver.Driver`."""

    def __init__(self, driver: Driver, recorder: Recorder, *, anonymous: bool) -> None:
        self.name = driver.name
        self.ask = driver.ask
        self.wait_event = driver.wait_event
        self.close = driver.close
        self._driver = driver
        self._recorder = recorder
        self._anonymous = anonymous

    def devices(self) -> Sequence[Device]:
        return [self.recorded(device) for device in self._driver.devices()]

    def find(self, index: int, uuid: str) -> Device:
        # A UUID that was replaced is one that the driver does not know.
        return self.recorded(self._driver.find(index, "" if self._anonymous else uuid))

    def recorded(self, device: Device) -> Device:
        return RecordingDevice(device, self._recorder, anonymous=self._anonymous)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a recording, the header first.

    Raises:
        ConfigError: the file cannot be read, is no recording, is cut, or has a broken line; the message says which.
    """
    number = devices = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                content = _parse(path, number, text, devices)
                devices = content.get("devices", devices)
                yield content
    except (EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: the recording is cut or damaged after line {number} ({error}); make a new one with gpuvitals "
            f"record, or keep what is whole: zcat {path} | head -n {number} | gzip > NEW"
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read as a recording: {error.strerror or error}; name a file that gpuvitals record wrote"
        ) from error
    if number == 0:
        raise ConfigError(f"{path}: the recording is empty")


def _parse(path: Path, number: int, text: str, devices: int) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{path}:{number}: the line is broken: {error}") from error
    if number == 1 and not _is_header(content):
        raise ConfigError(f"{path}:1: this is no recording of gpuvitals record, format {FORMAT}")
    if number > 1 and not _is_line(content, devices):
        raise ConfigError(f"{path}:{number}: the line is no answer, phase or event: {text[:80]!r}")
    return cast(dict[str, Any], content)


def _is_header(content: object) -> bool:
    return (
        isinstance(content, dict)
        and content.get("recording") == FORMAT
        and isinstance(content.get("made"), (int, float))
        and content.get("devices") in range(_MOST_DEVICES)
        and isinstance(content.get("system"), dict)
    )


def _is_line(content: object, devices: int) -> bool:
    if not isinstance(content, dict) or not isinstance(content.get("t"), (int, float)):
        return False
    if "q" in content:
        return _is_answer(content, devices)
    return isinstance(content.get("phase"), str) or _is_event(content.get("event"))


def _is_answer(content: Mapping[str, object], devices: int) -> bool:
    return (
        isinstance(content["q"], str)
        and content.get("gpu") in range(devices)
        and _are_integers(content.get("a", []))
        and ("v" in content or isinstance(content.get("e"), int))
    )


def _is_event(event: object) -> bool:
    return _are_integers(event) and len(cast(list[int], event)) == 3


def _are_integers(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, int) for value in values)


def _system(driver: Driver, question: str) -> Answer:
    try:
        return driver.ask(question)
    except DriverError:
        return None
