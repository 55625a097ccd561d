"""The simulated driver as a driver: identity, seeds, events, hangs."""

import threading
from collections.abc import Callable

import pytest

from catalog.errors import ConfigError, DriverError
from probes.driver import Answer, Device, Return
from probes.kernel_log import nvrm
from probes.kernel_log.nvrm import XidRecord
from probes.messages import Past
from probes.nvml_gpu import NvmlGpu
from probes.sim import faults
from probes.sim.board import GpuSpec
from probes.sim.driver import SimDriver
from probes.sim.models import MODELS
from probes.sim.scenario import Scenario
from tests.probes.sim.machine import Machine

POWER = "nvmlDeviceGetPowerUsage"
SHORT = 0.05
"""Seconds that a blocked thread gets to come out of a call it must not come out of."""


class Call(threading.Thread):
    """A call to the driver in a thread of its own."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        super().__init__(daemon=True)
        self.answer: Answer = None
        self._ask = ask
        self.start()

    def run(self) -> None:
        self.answer = self._ask()

    def hangs(self) -> bool:
        self.join(SHORT)
        return self.is_alive()

    def returns(self) -> Answer:
        self.join(10)
        assert not self.is_alive()
        return self.answer


def power(device: Device) -> Call:
    """Ask *device* for its power."""
    return Call(lambda: device.ask(POWER))


def test_the_same_seed_is_the_same_machine() -> None:
    """Two machines with one scenario say the same at the same times."""
    one, two = Machine("H100", "A100", seed=5), Machine("H100", "A100", seed=5)
    for machine in (one, two):
        machine.readings()
        machine.run(33)

    assert [one.readings(gpu) for gpu in (0, 1)] == [two.readings(gpu) for gpu in (0, 1)]


def test_another_seed_is_another_machine() -> None:
    """Other GPUs, other readings."""
    one, two = Machine("H100", seed=1), Machine("H100", seed=2)
    for machine in (one, two):
        machine.run(33)

    assert one.gpus[0].identity.uuid != two.gpus[0].identity.uuid
    assert one.gpus[0].power() != two.gpus[0].power()


def test_gpus_are_told_apart() -> None:
    """UUID, serial and bus id are their own."""
    machine = Machine(*["H100"] * 20)

    assert len({gpu.identity.uuid for gpu in machine.gpus}) == 20
    assert len({gpu.identity.pci_bus_id for gpu in machine.gpus}) == 20
    assert len({gpu.info().serial for gpu in machine.gpus}) == 20
    assert machine.gpus[0].identity.uuid.startswith("GPU-")
    assert [device.index for device in machine.devices] == list(range(20))


# -- events --------------------------------------------------------------------------------------------------------------


def test_an_xid_is_an_event() -> None:
    """It arrives once, with the GPU's index, NVML's event type and the code."""
    machine = Machine("H100", "H100")
    machine.inject("xid", gpu=1, code=31)

    assert machine.driver.wait_event(0) == (1, 0x8, 31)
    assert machine.driver.wait_event(0) is None


@pytest.mark.parametrize("code", [79, 119, 120])
def test_some_xids_only_the_kernel_log_tells(code: int) -> None:
    """NVML delivers no event of a GPU that has fallen off the bus."""
    machine = Machine("H100")
    machine.inject("xid", code=code)

    assert machine.driver.wait_event(0) is None


def test_the_kernel_logs_every_xid_once() -> None:
    """At its time, with the address of its GPU, in the driver's words; those too that NVML does not tell."""
    machine = Machine("H100", "H100", faults=(faults.Xid(gpu=1, code=79, at=60),))
    machine.run(1)
    machine.inject("xid", code=31)
    machine.run(1)
    first = list(machine.driver.log())
    machine.run(60)
    (second,) = machine.driver.log()

    assert [at for at, _ in first] == [machine.clock.now - 61]
    (record,) = nvrm.read(first[0][1])
    assert isinstance(record, XidRecord)
    assert (record.code, record.pci) == (31, machine.gpus[0].identity.pci_bus_id)
    assert second[1].endswith("): 79, GPU has fallen off the bus.")
    assert list(machine.driver.log()) == []


def test_an_uncorrected_error_is_an_event_of_its_own() -> None:
    """Xid 48 and a storm of uncorrected errors raise the double-bit event too."""
    machine = Machine("H100")
    machine.inject("xid", code=48)
    machine.inject("ecc_storm", type="uncorrected")

    events = [machine.driver.wait_event(0) for _ in range(4)]

    assert sorted(filter(None, events)) == [(0, 0x2, 0), (0, 0x2, 0), (0, 0x8, 48)]


def test_a_scheduled_event_waits_for_its_time() -> None:
    """A scenario's Xid is delivered when its time has come, not before."""
    machine = Machine("H100", faults=(faults.Xid(gpu=0, code=13, at=60),))
    early = machine.driver.wait_event(0)
    machine.run(60)

    assert early is None
    assert machine.driver.wait_event(0) == (0, 0x8, 13)


def test_a_waiting_listener_is_woken() -> None:
    """Whoever waits for an event gets one that is injected meanwhile."""
    machine = Machine("H100")
    listener = Call(lambda: machine.driver.wait_event(30))
    assert listener.hangs()

    machine.inject("xid", code=31)

    assert listener.returns() == (0, 0x8, 31)


# -- hangs ---------------------------------------------------------------------------------------------------------------


def test_a_hang_keeps_only_its_own_gpu() -> None:
    """A call to the hung GPU does not return while the hang lasts; the others answer."""
    machine = Machine("H100", "H100")
    machine.inject("hang", seconds=15)

    stuck = power(machine.devices[0])

    assert stuck.hangs()
    assert power(machine.devices[1]).returns()
    assert machine.driver.ask("nvmlSystemGetDriverVersion")
    machine.run(15)
    assert stuck.returns()


def test_a_blocking_hang_keeps_everyone_once_a_call_is_stuck() -> None:
    """Until somebody is stuck in the driver nobody waits; then all do, until it ends."""
    machine = Machine("H100", "H100")
    machine.inject("hang", seconds=15, blocks_all=True)

    free = power(machine.devices[1]).returns()
    stuck = power(machine.devices[0])
    assert stuck.hangs()
    blocked = [
        power(machine.devices[1]),
        Call(lambda: machine.driver.ask("nvmlSystemGetDriverVersion")),
        Call(lambda: len(machine.devices[1].mig_devices())),
    ]

    assert free
    assert all(call.hangs() for call in blocked)
    machine.run(15)
    assert stuck.returns()
    assert [call.returns() for call in blocked][1:] == ["580.159.04", 0]


def test_a_hang_in_the_future_hangs_nothing_yet() -> None:
    """A scheduled hang begins at its time and ends by itself."""
    machine = Machine("H100")
    machine.inject("hang", at=10, seconds=5)

    assert machine.devices[0].ask(POWER)
    machine.run(10)
    assert power(machine.devices[0]).hangs()
    machine.run(5)
    assert machine.devices[0].ask(POWER)


def test_closing_frees_no_hung_call() -> None:
    """As in a real driver, the thread stays where it is; only new questions are refused."""
    machine = Machine("H100")
    machine.inject("hang")
    stuck = power(machine.devices[0])
    assert stuck.hangs()

    machine.driver.close()

    assert stuck.hangs()
    with pytest.raises(DriverError) as caught:
        machine.driver.ask("nvmlSystemGetDriverVersion")
    assert caught.value.code == Return.UNINITIALIZED
    machine.run(15)
    assert stuck.returns()


# -- injection -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"gpu": 2, "kind": "hang"}, "this node has GPUs 0 to 1"),
        ({"gpu": 1, "kind": "nvlink_errors"}, "NVIDIA L40S has no NVLink"),
        ({"gpu": 0, "kind": "explode"}, "unknown fault 'explode'"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(written: dict[str, object], message: str) -> None:
    """And nothing changes."""
    machine = Machine("H100", "L40S")
    with pytest.raises(ConfigError, match=message):
        machine.driver.inject(written)

    assert machine.gpus[0].power().now


def test_threads_may_inject_and_ask_at_once() -> None:
    """No fault is lost and no reading fails when many threads work on one GPU."""
    machine = Machine("H100")

    def work() -> None:
        for _ in range(50):
            machine.inject("ecc_storm", seconds=1)
            machine.devices[0].ask(POWER)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert machine.gpus[0].ecc_errors(lifetime=False)["corrected", "dram"] == 200


# -- one machine, several processes --------------------------------------------------------------------------------------


def test_a_lost_gpu_is_counted_and_found_again() -> None:
    """What was opened before stays behind it; a new handle by its UUID or its index works once the loss is over."""
    machine = Machine("H100", "H100")
    uuid = machine.gpus[1].identity.uuid
    machine.inject("gpu_lost", gpu=1, seconds=30)
    assert [device.index for device in machine.driver.devices()] == [0]
    assert machine.driver.ask("nvmlDeviceGetCount") == 2
    with pytest.raises(DriverError, match="GPU is lost"):
        machine.driver.find(1, uuid)

    machine.run(30)

    for found in (machine.driver.find(1, uuid), machine.driver.find(1, "")):
        assert (found.index, found.ask("nvmlDeviceGetUUID")) == (1, uuid)
    with pytest.raises(DriverError, match="there is no GPU GPU-x"):
        machine.driver.find(0, "GPU-x")


def test_another_process_finds_the_same_machine() -> None:
    """Counters go on, faults that were injected last, and what the driver told already is not told again."""
    machine = Machine("H100", "H100")
    began = machine.clock.now
    machine.run(100)
    machine.inject("ecc_storm", gpu=0, rate=5, seconds=10)
    machine.inject("xid", gpu=1, code=63)
    injected = machine.clock.now
    machine.run(30)
    scenario = Scenario(gpus=(GpuSpec(model=MODELS["H100"]),) * 2)
    storm = {"gpu": 0, "kind": "ecc_storm", "rate": 5, "seconds": 10}
    remap = {"gpu": 1, "kind": "xid", "code": 63}
    past = Past(began, ((injected, storm), (injected, remap)))

    other = SimDriver(scenario, machine.clock, past)

    gpus = [NvmlGpu(other, device) for device in other.devices()]
    assert gpus[0].energy_joules() == machine.gpus[0].energy_joules()
    assert gpus[0].ecc_errors(lifetime=False) == machine.gpus[0].ecc_errors(lifetime=False)
    assert gpus[1].remapped_rows() == machine.gpus[1].remapped_rows()
    assert other.wait_event(0) is None
