"""A recording as a driver: the same questions get the answers that the real one gave at that moment.

The recording's own time began 40 days before it was made, so every process that opens it is at the same place. At its end it
starts again; counters go on by what they gained in one round.
"""

import bisect
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard, cast

from catalog.errors import DriverError
from catalog.metric import Kind
from catalog.metrics import ALL
from probes.answers import is_blank
from probes.driver import FIELDS, Answer, Device, Field, Return
from probes.recording import read

_STEP = 1.0
"""Seconds between the last answer of a round and the first of the next."""

_PAST = 40 * 86_400.0
"""Seconds before it was made that a recording is taken to have begun, so that even a new one has a past to show: as much as
a history keeps."""

Clock = Callable[[], float]
_Question = tuple[str, tuple[int, ...]]

_COUNTERS = frozenset(
    part.strip()
    for metric in ALL
    if metric.kind is Kind.COUNTER
    for part in metric.source.split(",")
)
_COUNTER_FIELDS = frozenset(
    field
    for field in Field
    if f"NVML_FI_DEV_{field.name}" in _COUNTERS
    or field.name.startswith(("PERF_POLICY_", "CLOCKS_EVENT_REASON_", "NVLINK_"))
)


class _Track:
    """The answers to one question over the recording.

    Attributes:
        ends: the first and the last that are no errors.
    """

    __slots__ = ("_answers", "_times", "ends")

    def __init__(self) -> None:
        self._times: list[float] = []
        self._answers: list[Answer | DriverError] = []
        self.ends: tuple[Answer, Answer] | None = None

    def append(self, at: float, answer: Answer | DriverError) -> None:
        self._times.append(at)
        self._answers.append(answer)
        if not isinstance(answer, DriverError):
            self.ends = (self.ends[0] if self.ends else answer, answer)

    def at(self, time: float) -> Answer | DriverError:
        place = bisect.bisect_right(self._times, time) - 1
        return self._answers[max(place, 0)]


class ReplayDevice:
    """One recorded GPU."""

    def __init__(self, index: int, now: Callable[[], tuple[int, float]]) -> None:
        self.index = index
        self.tracks: dict[_Question, _Track] = {}
        self._now = now

    def ask(self, question: str, *args: int) -> Answer:
        track = self.tracks.get((question, args))
        if track is None:
            raise DriverError(Return.NOT_SUPPORTED, f"{question} was not recorded")
        rounds, at = self._now()
        answer = track.at(at)
        if rounds and track.ends and _not_ready(answer):
            answer = track.ends[1]
        if isinstance(answer, DriverError):
            raise DriverError(answer.code, str(answer))
        return _go_on(question, args, answer, track.ends, rounds) if track.ends else answer

    def mig_devices(self) -> Sequence[Device]:
        return ()


class ReplayDriver:
    """All GPUs of a recording."""

    name = "replay"

    def __init__(
        self, header: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], clock: Clock
    ) -> None:
        self._system: Mapping[str, Answer] = header["system"]
        self._began = float(header["made"]) - _PAST
        self._clock = clock
        self.seconds = max((float(line["t"]) for line in lines), default=0.0) + _STEP
        self.phases = [(line["t"], line["phase"]) for line in lines if "phase" in line]
        self._events = sorted(
            ((line["t"], *line["event"]) for line in lines if "event" in line),
            key=lambda event: event[0],
        )
        self._devices = [ReplayDevice(index, self._now) for index in range(header["devices"])]
        self._heard = self._passed()
        for line in lines:
            if "q" in line:
                self._take(line)

    def _take(self, line: Mapping[str, Any]) -> None:
        device = self._devices[line["gpu"]]
        question = (line["q"], tuple(line.get("a", ())))
        answer = (
            DriverError(line["e"], f"{line['q']}: recorded error") if "e" in line else line["v"]
        )
        device.tracks.setdefault(question, _Track()).append(line["t"], answer)

    def _now(self) -> tuple[int, float]:
        rounds, at = divmod(max(self._clock() - self._began, 0.0), self.seconds)
        return int(rounds), at

    def devices(self) -> Sequence[Device]:
        return [device for device in self._devices if device.tracks]

    def find(self, index: int, uuid: str) -> Device:
        for device in self.devices():
            if device.index == index:
                return device
        raise DriverError(Return.NOT_FOUND, f"no GPU {uuid or index} was recorded")

    def ask(self, question: str) -> Answer:
        if question not in self._system:
            raise DriverError(Return.NOT_SUPPORTED, f"{question} was not recorded")
        return self._system[question]

    def wait_event(self, timeout: float) -> tuple[int, int, int] | None:
        """The events recorded between the opening and now, one by one."""
        if self._heard < self._passed():
            _, *event = self._events[self._heard % len(self._events)]
            self._heard += 1
            return cast(tuple[int, int, int], tuple(event))
        time.sleep(timeout)
        return None

    def _passed(self) -> int:
        """How many events lie behind, over all rounds."""
        rounds, at = self._now()
        behind = bisect.bisect_right(self._events, at, key=lambda event: event[0])
        return rounds * len(self._events) + behind

    def close(self) -> None:
        """Nothing is held."""


def open_recording(path: str, clock: Clock) -> ReplayDriver:
    """The recording in the file *path*.

    Raises:
        ConfigError: it cannot be replayed; the message says where it is broken.
    """
    header, *lines = read(Path(path))
    return ReplayDriver(header, lines, clock)


def _not_ready(answer: Answer | DriverError) -> bool:
    """GPM answers so the first time it is asked, which a second round must not repeat."""
    return isinstance(answer, DriverError) and answer.code == Return.NOT_READY


def _go_on(
    question: str,
    args: tuple[int, ...],
    answer: Answer,
    ends: tuple[Answer, Answer],
    rounds: int,
) -> Answer:
    """*answer* in a later round: counters are higher by what they gained in each round before."""
    first, last = ends
    if question == FIELDS:
        rows = cast(Sequence[Sequence[Sequence[Any]]], (answer, first, last))
        return [
            _field_on(field, now, rounds * _gain(begin[2], end[2]))
            for field, now, begin, end in zip(args[::2], *rows, strict=True)
        ]
    if question in _COUNTERS and _counts(answer):
        return answer + rounds * _gain(first, last)
    return answer


def _field_on(field: int, answer: Sequence[Any], gained: int) -> Answer:
    code, value_type, value = answer
    if field in _COUNTER_FIELDS and _counts(value):
        value += gained
    return [code, value_type, value]


def _gain(first: Answer, last: Answer) -> int:
    return max(last - first, 0) if _counts(first) and _counts(last) else 0


def _counts(answer: Answer) -> TypeGuard[int]:
    return isinstance(answer, int) and not is_blank(answer)
