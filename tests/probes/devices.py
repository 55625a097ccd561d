"""Devices that answer from a table: what NVML would say, by its own questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalog.errors import DriverError
from probes.driver import ALL_LINKS, FIELDS, GPM, Answer, Device, Field, Return, ValueType

ULL = ValueType.UNSIGNED_LONG_LONG
UINT = ValueType.UNSIGNED_INT

Question = str | tuple[str | int, ...]
"""A question, or one with its arguments."""


@dataclass(slots=True)
class FakeDevice:
    """Answers by question and arguments, else by question alone; a `Return` refuses, and so does what is missing.

    Attributes:
        fields: (return code, value type, value) of a field, by the field or by field and scope.
    """

    answers: dict[Question, Answer] = field(default_factory=dict)
    fields: Mapping[Field | tuple[Field, int], tuple[int, int, Answer]] = field(
        default_factory=dict
    )
    instances: Sequence["FakeDevice"] = ()
    index: int = 0

    def ask(self, question: str, *args: int) -> Answer:
        if question == FIELDS and self.fields:
            pairs = zip(args[::2], args[1::2], strict=True)
            return [self._field(Field(number), scope) for number, scope in pairs]
        answer = self.answers.get(
            (question, *args), self.answers.get(question, Return.NOT_SUPPORTED)
        )
        if isinstance(answer, Return):
            raise DriverError(answer, f"{question}: {answer.name}")
        return answer

    def _field(self, number: Field, scope: int) -> list[Answer]:
        missing = (Return.NOT_SUPPORTED, ULL, 0)
        return list(self.fields.get((number, scope), self.fields.get(number, missing)))

    def mig_devices(self) -> Sequence[Device]:
        return self.instances


@dataclass(slots=True)
class FakeDriver:
    """A driver of some devices."""

    gpus: Sequence[Device] = ()
    system: Mapping[str, Answer] = field(default_factory=dict)
    name: str = "fake"

    def devices(self) -> Sequence[Device]:
        return self.gpus

    def find(self, index: int, uuid: str) -> Device:
        for gpu in self.gpus:
            if gpu.index == index:
                return gpu
        raise DriverError(Return.NOT_FOUND, f"there is no GPU {uuid or index}")

    def ask(self, question: str) -> Answer:
        if question not in self.system:
            raise DriverError(Return.NOT_SUPPORTED, question)
        return self.system[question]

    def wait_event(self, timeout: float) -> None: ...

    def close(self) -> None: ...


SYSTEM: Mapping[str, Answer] = {
    "nvmlSystemGetDriverVersion": "580.159.04",
    "nvmlSystemGetCudaDriverVersion": 13000,
    "nvmlSystemGetConfComputeState": {"ccFeature": 0},
}
_GPM = {2: 93.5, 3: 44.0, 5: 91.0, 10: 16.0, 11: 0.0, 12: 7.0, 13: 12.5, 20: 1.5, 21: 1024.0}
_LINKS = 2


def rich(index: int = 0) -> FakeDevice:
    """A GPU that can tell everything in the catalogue, as no real one can."""
    answers: dict[Question, Answer] = {
        "nvmlDeviceGetUUID": f"GPU-{index:08d}-aaaa-bbbb-cccc-000000000000",
        "nvmlDeviceGetName": "NVIDIA H200",
        "nvmlDeviceGetArchitecture": 9,
        "nvmlDeviceGetCudaComputeCapability": [9, 0],
        "nvmlDeviceGetSerial": "1650000000001",
        "nvmlDeviceGetBoardPartNumber": '692-"2G520"\\A',
        "nvmlDeviceGetVbiosVersion": "96.00.BC.00.01",
        "nvmlDeviceGetMinorNumber": index,
        "nvmlDeviceGetPciInfo_v3": {"busId": f"00000000:{index + 3:02X}:00.0"},
        "nvmlDeviceGetMemoryInfo_v2": {
            "total": 150_754_820_096,
            "used": 2**30,
            "reserved": 629_145_600,
            "free": 149_051_932_672,
        },
        "nvmlDeviceGetBAR1MemoryInfo": {"bar1Total": 2**38, "bar1Used": 2**20},
        "nvmlDeviceGetUtilizationRates": {"gpu": 57, "memory": 29},
        "nvmlDeviceGetEncoderUtilization": [0, 167_000],
        "nvmlDeviceGetDecoderUtilization": [7, 167_000],
        "nvmlDeviceGetJpgUtilization": [0, 167_000],
        "nvmlDeviceGetOfaUtilization": [100, 167_000],
        "nvmlDeviceGetPowerUsage": 612_345,
        "nvmlDeviceGetEnforcedPowerLimit": 700_000,
        "nvmlDeviceGetPowerManagementDefaultLimit": 700_000,
        "nvmlDeviceGetPowerManagementLimitConstraints": [200_000, 700_000],
        "nvmlDeviceGetTotalEnergyConsumption": 1_234_567_891,
        "nvmlDeviceGetTemperature": 61,
        "nvmlDeviceGetMarginTemperature": 26,
        "nvmlDeviceGetNumFans": 1,
        "nvmlDeviceGetFanSpeed_v2": 29,
        "nvmlDeviceGetPerformanceState": 0,
        "nvmlDeviceGetCurrentClocksEventReasons": 0b101,
        "nvmlDeviceGetEccMode": [1, 1],
        "nvmlDeviceGetSramEccErrorStatus": {"bThresholdExceeded": 0},
        "nvmlDeviceGetRemappedRows": [0, 1, 1, 0],
        "nvmlDeviceGetRowRemapperHistogram": {
            "max": 5119,
            "high": 1,
            "partial": 0,
            "low": 0,
            "none": 0,
        },
        "nvmlDeviceGetRetiredPages": [4096],
        "nvmlDeviceGetRetiredPagesPendingStatus": 0,
        "nvmlDeviceGetRepairStatus": [0, 1],
        "nvmlDeviceGetUnrepairableMemoryFlag_v1": 0,
        "nvmlDeviceGetCurrPcieLinkGeneration": 5,
        "nvmlDeviceGetCurrPcieLinkWidth": 16,
        "nvmlDeviceGetMaxPcieLinkGeneration": 5,
        "nvmlDeviceGetMaxPcieLinkWidth": 16,
        "nvmlDeviceGetPcieReplayCounter": 2,
        "nvmlDeviceGetMPSComputeRunningProcesses_v3": [],
        "nvmlDeviceGetComputeRunningProcesses_v3": [
            {"pid": 4711, "usedGpuMemory": 2**29},
            {"pid": 4712, "usedGpuMemory": 2**30},
        ],
        "nvmlDeviceGetGraphicsRunningProcesses_v3": [],
        "nvmlDeviceGetComputeMode": 0,
        "nvmlDeviceGetPersistenceMode": 1,
        "nvmlDeviceGetGpuFabricInfoV": {"state": 3},
        "nvmlDeviceGetMigMode": [1, 1],
        GPM: {"seconds": 10.0, "values": [[Return.SUCCESS, value] for value in _gpm()]},
    }
    answers |= {("nvmlDeviceGetNvLinkState", link): 1 - link for link in range(_LINKS)}
    answers |= _one_each("nvmlDeviceGetClockInfo", 1755, 1740, 3201, 1545)
    answers |= _one_each("nvmlDeviceGetMaxClockInfo", 1980, 1965, 3202, 1560)
    answers |= _one_each("nvmlDeviceGetTemperatureThreshold", 92, 87, 95, 88)
    answers |= {
        ("nvmlDeviceGetMemoryErrorCounter", kind, counter, location): 100 * kind
        + 10 * counter
        + location
        for kind in (0, 1)
        for counter in (0, 1)
        for location in (2, 7)
    }
    return FakeDevice(answers, _fields(), (instance(),), index)


def well(index: int = 0) -> FakeDevice:
    """The same with nothing wrong: `rich` waits for repairs, asks for its reset and has lost a link."""
    device = rich(index)
    device.answers |= {
        "nvmlDeviceGetRemappedRows": [0, 1, 0, 0],
        "nvmlDeviceGetRepairStatus": [0, 0],
    }
    device.answers |= {("nvmlDeviceGetNvLinkState", link): 1 for link in range(_LINKS)}
    device.fields = {**device.fields, Field.GET_GPU_RECOVERY_ACTION: (Return.SUCCESS, UINT, 0)}
    return device


def _one_each(question: str, *answers: int) -> dict[Question, Answer]:
    return {(question, kind): answer for kind, answer in enumerate(answers)}


def instance() -> FakeDevice:
    """A MIG instance."""
    return FakeDevice(
        {
            "nvmlDeviceGetUUID": "MIG-00000000-1111-2222-3333-444444444444",
            "nvmlDeviceGetName": "NVIDIA H200 MIG 1g.18gb",
            "nvmlDeviceGetGpuInstanceId": 7,
            "nvmlDeviceGetComputeInstanceId": 0,
            "nvmlDeviceGetAttributes_v2": {"multiprocessorCount": 16},
            "nvmlDeviceGetMemoryInfo_v2": {"total": 18 * 2**30, "used": 2**30},
        }
    )


def _gpm() -> list[float]:
    wanted = (2, 3, 5, 10, 11, 12, 13, 21, 20)
    return [_GPM[number] for number in wanted]


def _fields() -> Mapping[Field | tuple[Field, int], tuple[int, int, Answer]]:
    ok = Return.SUCCESS
    fields: dict[Field | tuple[Field, int], tuple[int, int, Answer]] = {
        Field.MEMORY_TEMP: (ok, UINT, 70),
        Field.POWER_AVERAGE: (ok, UINT, 600_000),
        Field.GET_GPU_RECOVERY_ACTION: (ok, UINT, 1),
        Field.PERF_POLICY_POWER: (ok, ULL, 5_250_000_000),
        Field.PERF_POLICY_SYNC_BOOST: (ok, ULL, 0),
        Field.PCIE_COUNT_CORRECTABLE_ERRORS: (ok, UINT, 4),
        Field.PCIE_COUNT_NON_FATAL_ERROR: (ok, UINT, 0),
        Field.PCIE_COUNT_FATAL_ERROR: (ok, UINT, 0),
        Field.PCIE_COUNT_BAD_TLP: (ok, UINT, 1),
        (Field.NVLINK_THROUGHPUT_DATA_RX, ALL_LINKS): (ok, ULL, 2_000),
        (Field.NVLINK_THROUGHPUT_DATA_TX, ALL_LINKS): (ok, ULL, 1_000),
    }
    for link in range(_LINKS):
        fields[Field.NVLINK_THROUGHPUT_DATA_RX, link] = (ok, ULL, 1_000)
        fields[Field.NVLINK_THROUGHPUT_DATA_TX, link] = (ok, ULL, 500)
        fields[Field.NVLINK_ERROR_DL_CRC, link] = (ok, ULL, link)
        fields[Field.NVLINK_ERROR_DL_REPLAY, link] = (ok, ULL, 2)
        fields[Field.NVLINK_ERROR_DL_RECOVERY, link] = (ok, ULL, 0)
    return fields
