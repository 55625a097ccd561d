"""Which GPU is hung when calls do not return."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import DriverError
from probes.deadline import CALL, FIRST_CALL, OK, WatchedDevice, WatchedSystem, judge
from probes.driver import Answer
from tests.probes.devices import FakeDevice

BUSY = 1.0
NOW = 1000.0


def device(
    index: int, waited: float | None, *, answered: bool = True, before: float = 1000.0
) -> WatchedDevice:
    """A device whose call under way has taken *waited* seconds by `NOW`; None is no call.

    The last call that was answered began *before* seconds before `NOW`.
    """
    watched = WatchedDevice(FakeDevice({"q": 1}, index=index), lambda: NOW - before)
    if answered:
        watched.ask("q")
    watched.call_began = None if waited is None else NOW - waited
    return watched


def verdicts(*waited: float | None) -> list[str]:
    """The states of GPUs whose calls have taken so long."""
    devices = {index: device(index, seconds) for index, seconds in enumerate(waited)}
    return [verdict.state for verdict in judge(devices, NOW).values()]


def test_a_call_in_time_is_ok() -> None:
    """The slowest real call takes 0.07 s; three seconds are the deadline."""
    assert verdicts(None, CALL) == ["ok", "ok"]


def test_one_hung_gpu_leaves_the_others_alone() -> None:
    """While the others answer, only the one that does not is hung."""
    assert verdicts(None, CALL + 0.1, 0.2) == ["ok", "hung", "ok"]


def test_a_blocked_driver_hangs_one_gpu() -> None:
    """When nobody gets an answer, the GPU whose call began first is hung; of the others nothing is known."""
    devices = {index: device(index, waited) for index, waited in enumerate((2.9, 3.5, 3.2))}

    judged = judge(devices, NOW)

    assert [verdict.state for verdict in judged.values()] == ["unknown", "hung", "unknown"]
    assert judged[0].reason == "driver_blocked"
    assert judged[1].reason == "a call has not returned for 4 s"


@pytest.mark.parametrize(
    ("later", "states"), [(1.0, ["hung"] * 4), (0.2, ["hung", "hung", "hung", "unknown"])]
)
def test_gpus_that_hang_one_after_the_other_are_all_hung(later: float, states: list[str]) -> None:
    """Others were answered meanwhile, so no call was in their way; the last two must be far enough apart to tell."""
    waited = (9.0, 7.5, 4.0 + later, 4.0)
    devices = {
        index: device(index, seconds, before=seconds + 0.5 * later)
        for index, seconds in enumerate(waited)
    }

    judged = judge(devices, NOW)

    assert [verdict.state for verdict in judged.values()] == states


def test_what_hangs_after_a_blocked_driver_is_not_known() -> None:
    """One GPU hung by itself, others were answered; the call that came next blocks the rest."""
    devices = {
        index: device(index, seconds, before=7)
        for index, seconds in enumerate((60.0, 6.0, 5.8, 2.0))
    }

    judged = judge(devices, NOW)

    assert [verdict.state for verdict in judged.values()] == ["hung", "hung", "unknown", "unknown"]


def test_a_lost_gpu_clears_nobody() -> None:
    """That it is lost may be told without asking the driver."""
    devices = {
        0: device(0, 5.0),
        1: device(1, 4.5),
        2: device(2, None, before=1.0),
    }

    judged = judge(devices, NOW, lost={2})

    assert [verdict.state for verdict in judged.values()] == ["hung", "unknown", "ok"]


def test_a_single_gpu_is_hung_not_blocked() -> None:
    """With one GPU there is nobody to block."""
    assert verdicts(CALL + 1) == ["hung"]


def test_the_first_call_may_take_long() -> None:
    """A driver without persistence mode wakes the GPU first."""
    devices = {0: device(0, FIRST_CALL - 1, answered=False), 1: device(1, None)}

    assert judge(devices, NOW)[0] is OK

    devices[0] = device(0, FIRST_CALL + 1, answered=False)

    assert judge(devices, NOW)[0].state == "hung"


def test_a_refusal_is_an_answer() -> None:
    """A device that said "not supported" has answered, and is not waiting."""
    watched = WatchedDevice(FakeDevice(), lambda: NOW)
    for question in ("a", "b"):
        with pytest.raises(DriverError):
            watched.ask(question)

    assert watched.waiting(NOW + 10) == 0
    watched.call_began = NOW - CALL - 1
    assert watched.overdue(NOW)


def test_a_call_is_watched_while_it_lasts() -> None:
    """From outside one sees since when a call is under way."""
    seen: list[float] = []

    class Slow(FakeDevice):
        def ask(self, *_question: object) -> Answer:
            seen.append(watched.waiting(NOW + 7))
            return None

    watched = WatchedDevice(Slow(), lambda: NOW)
    watched.ask("q")

    assert seen == [7.0]
    assert watched.waiting(NOW + 7) == 0


@given(st.lists(st.none() | st.floats(0, 60), min_size=1, max_size=9))
def test_any_mix(waited: list[float | None]) -> None:
    """Somebody is hung exactly when somebody is overdue, and one GPU that answers keeps every other from `unknown`."""
    states = verdicts(*waited)
    seconds = [value or 0.0 for value in waited]
    overdue = [value > CALL for value in seconds]

    assert ("hung" in states) == any(overdue)
    if "unknown" in states:
        assert min(seconds) > BUSY
        assert states.count("hung") == 1
        assert seconds[states.index("hung")] == max(seconds)
    else:
        assert [state == "hung" for state in states] == overdue


class Looked(FakeDevice):
    """A device that looks, while it is asked, since when the call is under way."""

    def __init__(self, *instances: "Looked") -> None:
        super().__init__(instances=instances)
        self.gpu: WatchedDevice | None = None
        self.seen: list[float] = []

    def ask(self, question: str, *_args: int) -> Answer:
        assert self.gpu is not None
        self.seen.append(self.gpu.waiting(NOW + 7))
        return question


def test_a_call_to_an_instance_is_one_of_its_gpu() -> None:
    """Who hangs in a MIG instance is seen as hung: the call is the GPU's."""
    instance = Looked()
    gpu = instance.gpu = WatchedDevice(Looked(instance), lambda: NOW)
    (watched,) = gpu.mig_devices()

    assert watched.ask("q") == "q"
    assert instance.seen == [7.0]
    assert gpu.waiting(NOW + 7) == 0
    assert watched.mig_devices() == ()


def test_a_question_about_the_machine_is_a_call_of_who_asks() -> None:
    """A GPU whose thread hangs in nvmlSystem* is hung."""
    machine = Looked()
    gpu = machine.gpu = WatchedDevice(FakeDevice(), lambda: NOW)

    assert WatchedSystem(machine, gpu).ask("nvmlSystemGetDriverVersion")
    assert machine.seen == [7.0]
    assert gpu.waiting(NOW + 7) == 0


def test_a_lost_gpu_does_not_hide_that_the_driver_is_blocked() -> None:
    """Its thread sleeps between two tries: that it waits for nothing does not say that anybody gets an answer."""
    devices = {index: device(index, waited) for index, waited in enumerate((3.5, 3.2, None))}

    states = [verdict.state for verdict in judge(devices, NOW, lost={2}).values()]

    assert states == ["hung", "unknown", "ok"]
