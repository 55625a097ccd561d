"""Which GPUs are hung: a call that does not return is seen from outside, since nobody can interrupt it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from probes.driver import Answer, Device

FIRST_CALL = 30.0
"""Seconds for the first call after opening: a driver without persistence mode wakes the GPU first."""
CALL = 3.0
"""Seconds for every later call; the slowest measured takes 0.07 s."""
_BUSY = 1.0
"""A caller that waits longer than this while another is past its deadline is blocked by it."""

Clock = Callable[[], float]


class WatchedDevice:
    """A device that notes when the call under way began."""

    def __init__(self, device: Device, clock: Clock) -> None:
        self.index = device.index
        self.call_began: float | None = None
        self._device = device
        self._clock = clock
        self._answered = False

    def ask(self, question: str, *args: int) -> Answer:
        self.call_began = self._clock()
        try:
            answer = self._device.ask(question, *args)
        finally:
            self._answered = True
            self.call_began = None
        return answer

    def mig_devices(self) -> Sequence[Device]:
        self.call_began = self._clock()
        try:
            return self._device.mig_devices()
        finally:
            self.call_began = None

    def waiting(self, now: float) -> float:
        """Seconds that the call under way has taken, 0 if there is none."""
        began = self.call_began
        return 0.0 if began is None else now - began

    def overdue(self, now: float) -> bool:
        """Whether the call under way has passed its deadline."""
        return self.waiting(now) > (CALL if self._answered else FIRST_CALL)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a GPU answers."""

    state: str
    reason: str


OK = Verdict("ok", "")


def judge(devices: Mapping[int, WatchedDevice], now: float) -> dict[int, Verdict]:
    """The verdict of each device by its index.

    One stuck call can block every caller of a real driver. Then only the one whose call began first is hung; of the
    others nothing is known.
    """
    overdue = [device for device in devices.values() if device.overdue(now)]
    verdicts = dict.fromkeys(devices, OK)
    if not overdue:
        return verdicts
    if len(devices) > 1 and all(device.waiting(now) > _BUSY for device in devices.values()):
        verdicts = dict.fromkeys(devices, Verdict("unknown", "driver_blocked"))
        overdue = [max(devices.values(), key=lambda device: device.waiting(now))]
    for device in overdue:
        waited = device.waiting(now)
        verdicts[device.index] = Verdict("hung", f"a call has not returned for {waited:.0f} s")
    return verdicts
