"""What a simulated GPU answers, read through the decoder that reads the real ones."""

import pytest

from catalog.errors import DriverError
from probes.collectors import COLLECTORS
from probes.driver import FIELDS, GPM, Gpm, Return
from probes.nvml_gpu import NvmlGpu
from probes.sim.models import MODELS
from tests.probes.sim.machine import Machine, Recorder


@pytest.mark.parametrize("mig", [False, True])
@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_question_of_the_decoder_is_known(model: str, *, mig: bool) -> None:
    """A question that the decoder learns must be taught to the simulator."""
    machine = Machine(model, mig=mig and MODELS[model].mig is not None)
    recorder = Recorder(machine.devices[0])
    gpu = NvmlGpu(machine.driver, recorder)
    for collector in COLLECTORS:
        list(collector.read(gpu))

    unknown = [
        (question, args)
        for question, args in recorder.asked
        if _code(machine, question, *args) == Return.FUNCTION_NOT_FOUND
    ]

    assert len(recorder.asked) > 60
    assert unknown == []
    assert gpu.asker.failures == []


def _code(machine: Machine, question: str, *args: int) -> int:
    try:
        machine.devices[0].ask(question, *args)
    except DriverError as error:
        return error.code
    return Return.SUCCESS


def test_system_questions_are_known() -> None:
    """Driver and CUDA versions and the mode of confidential compute are answered."""
    info = Machine("H200").gpus[0].info()

    assert (info.driver, info.cuda_driver) == ("580.159.04", "13.0")
    assert Machine("H200").gpus[0].confidential_compute() is False


def test_unknown_questions_are_refused_as_by_an_old_driver() -> None:
    """What the simulator does not know is a function that its driver does not have."""
    machine = Machine("H100")

    with pytest.raises(DriverError, match="nvmlDeviceGetMood") as caught:
        machine.devices[0].ask("nvmlDeviceGetMood")
    assert caught.value.code == Return.FUNCTION_NOT_FOUND
    with pytest.raises(DriverError, match="nvmlSystemGetMood"):
        machine.driver.ask("nvmlSystemGetMood")


def test_an_h200_is_the_one_that_was_surveyed() -> None:
    """Identity, memory and limits are those of data/h200_nvml_survey.json."""
    machine = Machine("H200")
    gpu = machine.gpus[0]

    assert gpu.identity.model == "NVIDIA H200"
    assert gpu.identity.memory_bytes == 150_754_820_096
    assert gpu.info().architecture == "Hopper"
    assert gpu.info().compute_capability == "9.0"
    assert gpu.power_limits() == {"enforced": 700, "default": 700, "min": 200, "max": 700}
    assert list(gpu.temperature_thresholds().values()) == [95, 89, 95, 87]
    assert gpu.max_clocks()["memory"] == 3_201_000_000
    assert gpu.pcie_link().generation == 5
    assert sum(count or 0 for count in gpu.remap_banks().values()) == 3072


def test_memory_adds_up() -> None:
    """Used, reserved and free are the total; the processes hold what is used."""
    machine = Machine("H100", workload="inference")
    memory, found = machine.gpus[0].memory(), machine.gpus[0].compute_processes() or ()

    parts = [part or 0 for part in (memory.used, memory.reserved, memory.free)]

    assert all(parts)
    assert sum(parts) == memory.total
    assert sum(process.memory_bytes or 0 for process in found) == pytest.approx(parts[0], rel=0.01)


def test_hopper_answers_gpm_from_the_second_time_on() -> None:
    """GPM averages since the same device was asked before."""
    machine = Machine("H100")

    assert machine.gpus[0].profile() is None
    machine.run(10)
    profile = machine.gpus[0].profile()

    assert profile is not None
    assert profile.seconds == pytest.approx(10)
    assert profile.sm_active == pytest.approx(0.94, abs=0.05)
    assert profile.pcie_receive is not None
    assert 1e9 < profile.pcie_receive < 64e9
    assert machine.gpus[0].asker.failures == []


def test_utilization_is_not_sm_activity() -> None:
    """A GPU that always has work is busy all the time, though not all of its SMs are."""
    gpu = Machine("H100").gpus[0]

    assert gpu.utilization().gpu == 1
    assert gpu.utilization().memory == pytest.approx(0.45, abs=0.1)


def test_the_links_share_the_bytes() -> None:
    """What all links carried is what each of them carried."""
    machine = Machine("H100")
    machine.run(60)
    gpu = machine.gpus[0]

    whole = gpu.nvlink().receive_bytes or 0
    parts = sum(gpu.nvlink(link).receive_bytes or 0 for link in range(18))

    assert whole > 1e12
    assert parts == pytest.approx(whole, rel=1e-6)


def test_boards_have_a_past() -> None:
    """Some have corrected errors from before the driver was loaded; never fewer than since."""
    gpus = Machine(*["H100"] * 8).gpus
    past = [gpu.ecc_errors(lifetime=True)["corrected", "dram"] for gpu in gpus]

    assert len(set(past)) > 1
    assert {gpu.ecc_errors(lifetime=False)["corrected", "dram"] for gpu in gpus} == {0}


def test_gpm_knows_no_other_metric() -> None:
    """A metric that is not simulated is unsupported by itself; the others are answered."""
    machine = Machine("H100")
    device = machine.devices[0]
    assert _code(machine, GPM, Gpm.SM_UTIL) == Return.NOT_READY
    machine.run(1)

    answer = device.ask(GPM, Gpm.SM_UTIL, 99)

    assert isinstance(answer, dict)
    assert [code for code, _ in answer["values"]] == [Return.SUCCESS, Return.NOT_SUPPORTED]


def test_ampere_has_no_gpm_and_no_margin() -> None:
    """What an A100 cannot tell is None, without an error."""
    machine = Machine("A100")
    gpu = machine.gpus[0]
    machine.run(1)

    assert gpu.profile() is None
    assert gpu.profile() is None
    assert gpu.temperature_margin() is None
    assert gpu.fabric_state() is None
    assert len(gpu.nvlink_states()) == 12
    assert gpu.nvlink().errors == {"crc": 0, "replay": 0, "recovery": 0, "ecc": 0}
    assert gpu.asker.failures == []


def test_a_graphics_board_has_no_nvlink_and_no_memory_sensor() -> None:
    """An L40S lacks NVLink, MIG, a memory sensor and, idle, the clocks of its memory."""
    gpu = Machine("L40S", workload="idle").gpus[0]

    assert gpu.nvlink_states() == ()
    assert gpu.nvlink().receive_bytes is None
    assert gpu.mig_modes() == (None, None)
    assert gpu.temperatures()["memory"] is None
    assert gpu.performance_state() == 8
    assert gpu.clocks()["memory"] == 405_000_000


@pytest.mark.parametrize("model", sorted(MODELS))
def test_newer_gpus_retire_no_pages(model: str) -> None:
    """Row remapping has replaced page retirement; only the former is answered."""
    gpu = Machine(model).gpus[0]

    assert gpu.retired_pages() == {"corrected": None, "uncorrected": None}
    assert gpu.page_retirement_pending() is None
    assert gpu.remapped_rows().pending is False


def test_fields_answer_one_by_one() -> None:
    """An unknown field and a link that is not there spoil only their own place."""
    machine = Machine("H100")

    answer = machine.devices[0].ask(FIELDS, 9999, 0, 163, 18, 163, 17)

    assert answer == [
        [Return.INVALID_ARGUMENT, 0, 0.0],
        [Return.INVALID_ARGUMENT, 0, 0.0],
        [0, 3, 0],
    ]


def test_counters_that_driver_580_does_not_have_are_doubles() -> None:
    """As on the surveyed H200, two of the reasons have no counter, which the decoder sees by their type."""
    seconds = Machine("H200").gpus[0].clock_event_seconds()

    assert seconds["hw_thermal_slowdown"] is None
    assert seconds["sw_thermal_slowdown"] == 0


@pytest.mark.parametrize(
    ("question", "args", "code"),
    [
        ("nvmlDeviceGetTemperature", (1,), Return.INVALID_ARGUMENT),
        ("nvmlDeviceGetTemperatureThreshold", (4,), Return.NOT_SUPPORTED),
        ("nvmlDeviceGetClockInfo", (4,), Return.INVALID_ARGUMENT),
        ("nvmlDeviceGetMemoryErrorCounter", (0, 0, 3), Return.NOT_SUPPORTED),
        ("nvmlDeviceGetMemoryErrorCounter", (2, 0, 7), Return.INVALID_ARGUMENT),
        ("nvmlDeviceGetNvLinkState", (18,), Return.INVALID_ARGUMENT),
        ("nvmlDeviceGetFanSpeed_v2", (0,), Return.NOT_SUPPORTED),
    ],
)
def test_arguments_out_of_range(question: str, args: tuple[int, ...], code: Return) -> None:
    """The codes are those of the surveyed H200."""
    assert _code(Machine("H200"), question, *args) == code


def test_a_clock_that_is_set_back_takes_nothing_back() -> None:
    """Energy and error counts stay where they are until the clock has caught up."""
    machine = Machine("H100")
    machine.inject("ecc_storm")
    machine.run(10.4)
    energy, errors = machine.gpus[0].energy_joules(), machine.gpus[0].ecc_errors(lifetime=False)
    machine.run(-5)

    assert machine.gpus[0].energy_joules() == energy
    assert machine.gpus[0].ecc_errors(lifetime=False) == errors


def test_mig_splits_a_gpu() -> None:
    """Under MIG the instances answer for memory, and the whole GPU no longer for its load."""
    machine = Machine("H100", mig=True)
    gpu = machine.gpus[0]
    machine.run(1)

    instances = gpu.mig_instances()

    assert gpu.mig_modes() == (True, True)
    assert [instance.profile for instance in instances] == ["1g.10gb"] * 7
    assert len({instance.uuid for instance in instances}) == 7
    assert len({instance.gpu_instance_id for instance in instances}) == 7
    assert {instance.multiprocessors for instance in instances} == {16}
    assert all(
        (instance.memory_used or 0) < (instance.memory_total or 0) for instance in instances
    )
    assert gpu.utilization().gpu is None
    assert gpu.profile() is None
    assert gpu.nvlink().receive_bytes is None
    assert (gpu.power().now or 0) > 100


def test_without_mig_there_are_no_instances() -> None:
    """MIG is off unless the scenario says otherwise."""
    gpu = Machine("H100").gpus[0]

    assert gpu.mig_modes() == (False, False)
    assert gpu.mig_instances() == ()


def test_an_instance_answers_nothing_of_the_whole() -> None:
    """Power and clocks belong to the GPU, not to an instance."""
    (instance, *_) = Machine("H100", mig=True).devices[0].mig_devices()

    assert instance.mig_devices() == ()
    with pytest.raises(DriverError) as caught:
        instance.ask("nvmlDeviceGetPowerUsage")
    assert caught.value.code == Return.NOT_SUPPORTED
