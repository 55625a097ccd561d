"""Which GPUs are hung: a call that does not return is seen from outside, since nobody can interrupt it."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from probes.driver import Answer, Device, System

FIRST_CALL = 30.0
"""Seconds for the first call after opening: a driver without persistence mode wakes the GPU first."""
CALL = 3.0
"""Seconds for every later call; the slowest measured takes 0.07 s."""
_BUSY = 1.0
"""A caller that waits longer than this while another is past its deadline may be blocked by it."""
_APART = 0.25
"""Seconds by which a call must have begun after another one to show by its answer that the other is in nobody's way: a call
reaches the driver's lock later than it begins, the slowest measured 0.07 s."""

Clock = Callable[[], float]


class WatchedDevice:
    """A device that notes when the call under way began; what is asked on its behalf is a call too.

    Attributes:
        call_began: None if there is none.
        answered: when the newest call began that was answered.
    """

    def __init__(self, device: Device, clock: Clock) -> None:
        self.index = device.index
        self.call_began: float | None = None
        self.answered = -math.inf
        self._device = device
        self._clock = clock
        self._answered = False

    def __enter__(self) -> None:
        """What is inside is a call to the driver."""
        self.call_began = self._clock()

    def __exit__(self, *_: object) -> None:
        self._answered = True
        if self.call_began is not None:
            self.answered = self.call_began
        self.call_began = None

    def renew(self, find: Callable[[], Device]) -> None:
        """Go on with the device that *find* opens, whose first call may take long again."""
        with self:
            self._device = find()
        self._answered = False

    def ask(self, question: str, *args: int) -> Answer:
        with self:
            return self._device.ask(question, *args)

    def mig_devices(self) -> Sequence[Device]:
        with self:
            found = self._device.mig_devices()
        return [_WatchedInstance(instance, self) for instance in found]

    def waiting(self, now: float) -> float:
        """Seconds that the call under way has taken, 0 if there is none."""
        began = self.call_began
        return 0.0 if began is None else now - began

    def overdue(self, now: float) -> bool:
        """Whether the call under way has passed its deadline."""
        return self.waiting(now) > (CALL if self._answered else FIRST_CALL)


class _WatchedInstance:
    """A MIG instance: its calls are calls of its GPU. Implements `probes.driver.Device`."""

    def __init__(self, instance: Device, gpu: WatchedDevice) -> None:
        self.index = instance.index
        self._instance = instance
        self._gpu = gpu

    def ask(self, question: str, *args: int) -> Answer:
        with self._gpu:
            return self._instance.ask(question, *args)

    def mig_devices(self) -> Sequence[Device]:
        return ()


class WatchedSystem:
    """The machine, asked by the one who reads *gpu*: such a call is one of that GPU's."""

    def __init__(self, system: System, gpu: WatchedDevice) -> None:
        self._system = system
        self._gpu = gpu

    def ask(self, question: str) -> Answer:
        with self._gpu:
            return self._system.ask(question)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a GPU answers."""

    state: str
    reason: str


OK = Verdict("ok", "")


def judge(
    devices: Mapping[int, WatchedDevice], now: float, lost: Collection[int] = ()
) -> dict[int, Verdict]:
    """The verdict of each device by its index.

    One stuck call can block every caller of a real driver. Then only the one whose call began first is hung; of the
    others nothing is known. A call is in nobody's way if one that began later was answered: so GPUs that hang one after
    the other are hung, each of them, though in the end nobody gets an answer.

    Args:
        devices: by their index.
        now: by the clock of the devices.
        lost: those that are seldom asked; that they wait for nothing does not say that the driver answers.
    """
    overdue = [device for device in devices.values() if device.overdue(now)]
    verdicts = dict.fromkeys(devices, OK)
    if not overdue:
        return verdicts
    blocking = _blocking(devices, now, lost)
    if len(blocking) > 1 and any(device in overdue for device in blocking):
        blocked = Verdict("unknown", "driver_blocked")
        verdicts |= dict.fromkeys((device.index for device in blocking), blocked)
        overdue = [device for device in overdue if device not in blocking]
        overdue.append(max(blocking, key=lambda device: device.waiting(now)))
    for device in overdue:
        waited = device.waiting(now)
        verdicts[device.index] = Verdict("hung", f"a call has not returned for {waited:.0f} s")
    return verdicts


def _blocking(
    devices: Mapping[int, WatchedDevice], now: float, lost: Collection[int]
) -> list[WatchedDevice]:
    """Those whose calls may be in the way of others, or behind one that is; none while somebody else gets answers."""
    asking = [
        device
        for index, device in devices.items()
        if index not in lost or device.call_began is not None
    ]
    if not all(device.waiting(now) > _BUSY for device in asking):
        return []
    there = [device.answered for index, device in devices.items() if index not in lost]
    newest = max(there, default=-math.inf)
    return [device for device in asking if now - device.waiting(now) + _APART >= newest]
