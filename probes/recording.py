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
from typing import Any, Self

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
        self._made = clock()
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

    def line(self, content: Mapping[str, object]) -> None:
        self._write({"t": round(self._clock() - self._made, 3), **content})

    def _write(self, content: Mapping[str, object]) -> None:
        text = json.dumps(content, separators=(",", ":"))
        with self._lock:
            if not self._file.closed:
                self._file.write(text + "\n")


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


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a recording, the header first.

    Raises:
        ConfigError: the file cannot be read, is no recording, is cut, or has a broken line; the message says which.
    """
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                yield _parse(path, number, text)
    except (EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: the recording is cut or damaged after line {number} ({error}); make a new one with gpuvitals "
            f"record, or keep what is whole: zcat {path} | head -n {number} | gzip > NEW"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read as a recording: {error}") from error
    if number == 0:
        raise ConfigError(f"{path}: the recording is empty")


def _parse(path: Path, number: int, text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{path}:{number}: the line is broken: {error}") from error
    if not isinstance(content, dict) or ("t" not in content and number > 1):
        raise ConfigError(f"{path}:{number}: the line is no answer, phase or event: {text[:80]!r}")
    if number == 1 and content.get("recording") != FORMAT:
        raise ConfigError(f"{path}:1: this is no recording of gpuvitals record, format {FORMAT}")
    return content


def _system(driver: Driver, question: str) -> Answer:
    try:
        return driver.ask(question)
    except DriverError:
        return None
