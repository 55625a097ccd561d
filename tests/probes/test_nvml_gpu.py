"""What NVML's answers mean."""

import math

import pytest

from catalog.errors import DriverError, GpuLost
from probes.driver import FIELDS, GPM, Answer, Field, Return, ValueType
from probes.gpu import Number
from probes.nvml_gpu import NvmlGpu
from tests.probes.devices import SYSTEM, UINT, ULL, FakeDevice, FakeDriver, Question, rich

BLANKS = (2**32 - 1, 2**64 - 1, 0x7FFFFFF0, 0x7FFFFFFFFFFFFFF2)


def gpu(
    answers: dict[Question, Answer] | None = None,
    fields: dict[Field | tuple[Field, int], tuple[int, int, Answer]] | None = None,
) -> NvmlGpu:
    """A GPU that answers these questions and no other."""
    return NvmlGpu(FakeDriver(system=SYSTEM), FakeDevice(answers or {}, fields or {}), "node-7")


def test_identity() -> None:
    """A GPU is known by its UUID, index, model, bus address, node and memory."""
    identity = NvmlGpu(FakeDriver(), rich(1), "node-7").identity

    assert identity.uuid == "GPU-00000001-aaaa-bbbb-cccc-000000000000"
    assert (identity.index, identity.model, identity.node) == (1, "NVIDIA H200", "node-7")
    assert identity.pci_bus_id == "00000000:04:00.0"
    assert identity.memory_bytes == 150_754_820_096


def test_a_gpu_that_cannot_tell_its_uuid_is_still_read() -> None:
    """It gets a stand-in by its index."""
    assert gpu().identity.uuid == "unknown-0"


@pytest.mark.parametrize(
    ("question", "answer", "read", "value"),
    [
        ("nvmlDeviceGetPowerUsage", 612_345, lambda gpu: gpu.power().now, 612.345),
        (
            "nvmlDeviceGetEnforcedPowerLimit",
            700_000,
            lambda gpu: gpu.power_limits()["enforced"],
            700.0,
        ),
        (
            "nvmlDeviceGetTotalEnergyConsumption",
            57,
            lambda gpu: gpu.energy_joules(),
            0.057,
        ),
        (
            "nvmlDeviceGetUtilizationRates",
            {"gpu": 57, "memory": 0},
            lambda gpu: gpu.utilization().gpu,
            0.57,
        ),
        (
            "nvmlDeviceGetEncoderUtilization",
            [7, 1],
            lambda gpu: gpu.utilization().encoder,
            0.07,
        ),
        ("nvmlDeviceGetClockInfo", 1980, lambda gpu: gpu.clocks()["sm"], 1.98e9),
        ("nvmlDeviceGetPerformanceState", 0, lambda gpu: gpu.performance_state(), 0.0),
    ],
)
def test_units(question: str, answer: Answer, read: object, value: float) -> None:
    """Milliwatts, millijoules, percent and megahertz become base units, without a rounding error to look at."""
    assert callable(read)
    assert repr(read(gpu({question: answer}))) == repr(value)


def test_fields_have_units_too() -> None:
    """Nanoseconds become seconds, KiB of NVLink bytes, milliwatts watts."""
    told = gpu(
        fields={
            Field.POWER_AVERAGE: (0, UINT, 600_001),
            Field.PERF_POLICY_POWER: (0, ULL, 5_250_000_000),
            Field.NVLINK_THROUGHPUT_DATA_RX: (0, ULL, 3),
        }
    )

    assert told.power().average == 600.001
    assert told.clock_event_seconds()["sw_power_cap"] == 5.25
    assert told.nvlink().receive_bytes == 3072


def test_gpm_has_percent_and_mebibytes() -> None:
    """GPM's ratios are percent, its PCIe rates MiB/s; a metric that failed is None and costs no other."""
    values: list[Answer] = [[0, 57.0], [Return.NOT_SUPPORTED, 0.0], *[[0, 0.0]] * 5, [0, 1024.0]]
    profile = gpu({GPM: {"seconds": 10.0, "values": [*values, [0, 0.0]]}}).profile()

    assert profile is not None
    assert (profile.sm_active, profile.sm_occupancy, profile.tensor_active) == (0.57, None, 0.0)
    assert (profile.pcie_receive, profile.pcie_transmit) == (2.0**30, 0.0)


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_is_no_number(blank: int) -> None:
    """NVML's and DCGM's blanks come out as NaN, which no range accepts."""
    told = gpu(
        {
            "nvmlDeviceGetPowerUsage": blank,
            "nvmlDeviceGetUtilizationRates": {"gpu": blank, "memory": 3},
        },
        {Field.POWER_AVERAGE: (0, ULL, blank)},
    )

    assert is_nan(told.power().now)
    assert is_nan(told.power().average)
    assert is_nan(told.utilization().gpu)
    assert told.utilization().memory == 0.03


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_is_neither_yes_nor_no(blank: int) -> None:
    """A blank in a flag raises no alarm: no row is pending because the driver does not know."""
    told = gpu(
        {
            "nvmlDeviceGetRemappedRows": [0, 0, blank, 0],
            "nvmlDeviceGetComputeMode": blank,
            "nvmlDeviceGetCurrentClocksEventReasons": blank,
        }
    )

    assert is_nan(told.remapped_rows().pending)
    assert told.remapped_rows().failure is False
    assert told.compute_mode() is None
    assert told.clock_events() is None


def is_nan(value: Number) -> bool:
    """Whether it is there, but not a number."""
    return value is not None and math.isnan(value)


@pytest.mark.parametrize(
    "code",
    [
        Return.NOT_SUPPORTED,
        Return.INVALID_ARGUMENT,
        Return.NOT_FOUND,
        Return.FUNCTION_NOT_FOUND,
        Return.ARGUMENT_VERSION_MISMATCH,
        Return.DEPRECATED,
        Return.NOT_READY,
    ],
)
def test_what_a_gpu_cannot_tell_is_no_error(code: Return) -> None:
    """Unsupported, in each of NVML's words for it, is None and nothing to count."""
    told = gpu({"nvmlDeviceGetPowerUsage": code}, {Field.POWER_AVERAGE: (code, ULL, 0)})

    assert (told.power().now, told.power().average) == (None, None)
    assert told.asker.failures == []


def test_an_error_is_kept_for_the_caller() -> None:
    """Denied or unknown errors are None too, and named; a code that we do not know by its number."""
    told = gpu(
        {
            "nvmlDeviceGetPowerUsage": Return.UNKNOWN,
            "nvmlDeviceGetSramEccErrorStatus": Return.NO_PERMISSION,
        },
        {Field.POWER_AVERAGE: (77, ULL, 0)},
    )

    power = told.power()

    assert (power.now, power.average, told.sram_threshold_exceeded()) == (None, None, None)
    assert told.asker.failures == [
        (FIELDS, "error_77"),
        ("nvmlDeviceGetPowerUsage", "unknown"),
        ("nvmlDeviceGetSramEccErrorStatus", "no_permission"),
    ]


def test_a_lost_gpu_says_so() -> None:
    """GPU_IS_LOST from a call or from a field ends the reading of this GPU."""
    with pytest.raises(GpuLost, match="nvmlDeviceGetPerformanceState"):
        gpu({"nvmlDeviceGetPerformanceState": Return.GPU_IS_LOST}).performance_state()
    with pytest.raises(GpuLost):
        gpu(fields={Field.MEMORY_TEMP: (Return.GPU_IS_LOST, UINT, 0)}).temperatures()


def test_a_value_of_an_unknown_type_is_not_believed() -> None:
    """A field whose type we cannot decode is NaN, so that it is counted as rejected."""
    assert is_nan(gpu(fields={Field.POWER_AVERAGE: (0, 99, None)}).power().average)


def test_a_double_is_no_counter() -> None:
    """Driver 580 answers 0.0 for throttle times that it does not count: absent, not zero."""
    seconds = gpu(
        fields={
            Field.PERF_POLICY_POWER: (0, ULL, 0),
            Field.PERF_POLICY_SYNC_BOOST: (0, ValueType.DOUBLE, 0.0),
        }
    ).clock_event_seconds()

    assert seconds["sw_power_cap"] == 0.0
    assert seconds["sync_boost"] is None


def test_memory_without_a_sensor_has_no_temperature() -> None:
    """Boards without the sensor answer 0 degrees, which no memory under power has."""
    assert gpu(fields={Field.MEMORY_TEMP: (0, UINT, 0)}).temperatures()["memory"] is None


@pytest.mark.parametrize(
    ("code", "name"),
    [(7, "Ampere"), (8, "Ada"), (9, "Hopper"), (10, "Blackwell"), (99, "unknown")],
)
def test_architectures_have_names(code: int, name: str) -> None:
    """The architecture is a word; one that is newer than we are is unknown."""
    assert gpu({"nvmlDeviceGetArchitecture": code}).info().architecture == name


def test_versions_are_texts() -> None:
    """13000 is CUDA 13.0, [9, 0] is compute capability 9.0."""
    info = NvmlGpu(FakeDriver(system=SYSTEM), rich()).info()

    assert (info.cuda_driver, info.compute_capability, info.driver) == (
        "13.0",
        "9.0",
        "580.159.04",
    )


def test_clock_event_bits_are_reasons() -> None:
    """Bit 0 is an idle GPU, bit 5 a thermal slowdown; no bit is no reason."""
    question = "nvmlDeviceGetCurrentClocksEventReasons"

    assert gpu({question: 0b100001}).clock_events() == frozenset(
        ("gpu_idle", "sw_thermal_slowdown")
    )
    assert gpu({question: 0}).clock_events() == frozenset()


@pytest.mark.parametrize("code", [7, -1])
def test_a_value_that_an_enumeration_lacks_has_its_number(code: int) -> None:
    """A mode that a newer driver may bring is no mode that we know."""
    assert gpu({"nvmlDeviceGetComputeMode": code}).compute_mode() == f"unknown_{code}"


def test_nvlink_errors_are_summed_over_the_links() -> None:
    """Hopper counts per link; older GPUs have a sum of their own, which goes first."""
    older = gpu(fields={Field.NVLINK_ECC_DATA_ERROR_COUNT_TOTAL: (0, ULL, 5)})

    assert NvmlGpu(FakeDriver(), rich()).nvlink().errors == {"crc": 1, "replay": 4, "recovery": 0}
    assert older.nvlink().errors == {"ecc": 5}


def test_a_process_whose_memory_is_not_accounted_is_counted() -> None:
    """Its memory is None; no process at all is an empty list, and unsupported is None."""
    question = "nvmlDeviceGetComputeRunningProcesses_v3"
    (process,) = (
        gpu({question: [{"pid": 1, "usedGpuMemory": 2**64 - 1}]}).compute_processes() or ()
    )

    assert process.memory_bytes is None
    assert gpu({question: []}).compute_processes() == ()
    assert gpu().compute_processes() is None


def test_mig_instances_have_their_profile() -> None:
    """The driver names the profile in the instance's name only."""
    (instance,) = NvmlGpu(FakeDriver(), rich()).mig_instances()

    assert (instance.profile, instance.gpu_instance_id) == ("1g.18gb", 7)
    assert (instance.multiprocessors, instance.memory_used) == (16.0, 2.0**30)


def test_errors_of_an_instance_are_kept_with_those_of_its_gpu() -> None:
    """What an instance refuses is counted too."""
    device = rich()
    device.instances[0].answers["nvmlDeviceGetMemoryInfo_v2"] = Return.UNKNOWN
    told = NvmlGpu(FakeDriver(), device)

    told.mig_instances()

    assert told.asker.failures == [("nvmlDeviceGetMemoryInfo_v2", "unknown")]


@pytest.mark.parametrize("code", [Return.UNKNOWN, Return.NOT_FOUND, Return.NOT_SUPPORTED])
def test_an_instance_that_does_not_tell_which_it_is_is_left_out(code: Return) -> None:
    """It may have been destroyed since it was listed; it is counted, and never one called None."""
    device = rich()
    device.instances[0].answers["nvmlDeviceGetComputeInstanceId"] = code
    told = NvmlGpu(FakeDriver(), device)

    assert told.mig_instances() == ()
    assert ("nvmlDeviceGetGpuInstanceId", "instance_without_id") in told.asker.failures


def test_a_uuid_that_fails_is_no_stand_in() -> None:
    """Only a GPU that cannot tell its UUID gets one; one that failed to is tried again by whoever asked."""
    with pytest.raises(DriverError):
        gpu({"nvmlDeviceGetUUID": Return.UNKNOWN})
