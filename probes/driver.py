"""The boundary to the driver: NVML's questions by their own names, NVML's answers as they came.

Units, blanks and odd values pass unchanged; `probes.nvml_gpu` gives them meaning. Three drivers exist: the real one
(`probes.nvml`), a recording of one (`probes.replay`) and a simulated one (`probes.sim`), so all three are decoded by
the same code.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Protocol

Answer = None | int | float | str | Sequence["Answer"] | Mapping[str, "Answer"]
"""What a question yields: a number, a text, a list, or a structure by its C field names."""


class Return(IntEnum):
    """`nvmlReturn_t` of nvml.h, the codes that we tell apart."""

    SUCCESS = 0
    UNINITIALIZED = 1
    INVALID_ARGUMENT = 2
    NOT_SUPPORTED = 3
    NO_PERMISSION = 4
    NOT_FOUND = 6
    DRIVER_NOT_LOADED = 9
    TIMEOUT = 10
    LIBRARY_NOT_FOUND = 12
    FUNCTION_NOT_FOUND = 13
    GPU_IS_LOST = 15
    RESET_REQUIRED = 16
    NOT_READY = 27
    ARGUMENT_VERSION_MISMATCH = 25
    DEPRECATED = 26
    GPU_NOT_FOUND = 28
    UNKNOWN = 999


class ValueType(IntEnum):
    """`nvmlValueType_t` of nvml.h: which member of the union holds a field's value."""

    DOUBLE = 0
    UNSIGNED_INT = 1
    UNSIGNED_LONG = 2
    UNSIGNED_LONG_LONG = 3
    SIGNED_LONG_LONG = 4
    SIGNED_INT = 5
    UNSIGNED_SHORT = 6


class Field(IntEnum):
    """`NVML_FI_DEV_*` of nvml.h, the fields that we read."""

    MEMORY_TEMP = 82
    PERF_POLICY_POWER = 74
    PERF_POLICY_SYNC_BOOST = 76
    NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL = 38
    NVLINK_REPLAY_ERROR_COUNT_TOTAL = 52
    NVLINK_RECOVERY_ERROR_COUNT_TOTAL = 59
    NVLINK_THROUGHPUT_DATA_TX = 138
    NVLINK_THROUGHPUT_DATA_RX = 139
    NVLINK_ECC_DATA_ERROR_COUNT_TOTAL = 160
    NVLINK_ERROR_DL_REPLAY = 161
    NVLINK_ERROR_DL_RECOVERY = 162
    NVLINK_ERROR_DL_CRC = 163
    PCIE_COUNT_CORRECTABLE_ERRORS = 173
    PCIE_COUNT_BAD_TLP = 176
    PCIE_COUNT_NON_FATAL_ERROR = 179
    PCIE_COUNT_FATAL_ERROR = 180
    POWER_AVERAGE = 185
    GET_GPU_RECOVERY_ACTION = 230
    CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN = 269
    CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN = 270
    CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN = 271


class Gpm(IntEnum):
    """`nvmlGpmMetricId_t` of nvml.h, the metrics that we read."""

    SM_UTIL = 2
    SM_OCCUPANCY = 3
    ANY_TENSOR_UTIL = 5
    DRAM_BW_UTIL = 10
    FP64_UTIL = 11
    FP32_UTIL = 12
    FP16_UTIL = 13
    PCIE_TX_PER_SEC = 20
    PCIE_RX_PER_SEC = 21


FIELDS = "nvmlDeviceGetFieldValues"
"""Arguments: pairs of field id and scope (a link, 0 where the field has none). Answer: [nvmlReturn, valueType, value] of
each, the value being the union's member that the type names, or None if we do not know the type."""

ALL_LINKS = 0xFFFFFFFF
"""The scope that sums an NVLink throughput field over the links (nvml.h, NVML_FI_DEV_NVLINK_THROUGHPUT_*)."""

GPM = "nvmlGpmMetricsGet"
"""Arguments: metric ids. Answer: {"seconds": s, "values": [[nvmlReturn, value], ...]}, averaged over the s seconds
since the same device was asked before; NOT_READY the first time."""


class Device(Protocol):
    """One GPU, or one MIG instance of it."""

    index: int

    def ask(self, question: str, *args: int) -> Answer:
        """The driver's answer.

        Raises:
            DriverError: with the driver's own code.
        """
        ...

    def mig_devices(self) -> Sequence["Device"]:
        """The MIG instances of this GPU, none if MIG is off."""
        ...


class System(Protocol):
    """The machine that the GPUs are in."""

    def ask(self, question: str) -> Answer:
        """A question about the whole machine (`nvmlSystem*`, `nvmlDeviceGetCount`).

        Raises:
            DriverError: with the driver's own code.
        """
        ...


class Driver(System, Protocol):
    """A loaded driver. Closing it lets go of every device file."""

    name: str

    def devices(self) -> Sequence[Device]:
        """The GPUs that the driver has, in the order of their index; a GPU that cannot be opened is left out."""
        ...

    def find(self, index: int, uuid: str) -> Device:
        """One GPU afresh: the one called *uuid*, or, if that is empty, whichever is at *index*.

        Raises:
            DriverError: it is not there, or still cannot be opened.
        """
        ...

    def wait_event(self, timeout: float) -> tuple[int, int, int] | None:
        """The next event as (device index, event type, data), None after *timeout* seconds without one."""
        ...

    def close(self) -> None: ...
