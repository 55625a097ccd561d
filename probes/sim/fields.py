"""Field values: `nvmlDeviceGetFieldValues` answers each field with a return code, a type and a number."""

from collections.abc import Callable, Mapping

from catalog.errors import DriverError
from probes.driver import ALL_LINKS, Answer, Field, Return, ValueType
from probes.sim.board import Now, invalid, not_supported
from probes.sim.gpu import Flow
from probes.sim.vitals import milliwatts

_KIBI = 1024
_NANO = 1_000_000_000
_GPU_RESET = 1  # nvmlDeviceGpuRecoveryAction_t

Value = tuple[ValueType, int | float]
Read = Callable[[Now, int], Value]


def answered(now: Now, *args: int) -> Answer:
    """[nvmlReturn, valueType, value] of each pair of field and scope."""
    return [_field(now, field, scope) for field, scope in zip(args[::2], args[1::2], strict=True)]


def _field(now: Now, field: int, scope: int) -> Answer:
    read = _FIELDS.get(field)
    if read is None:
        return [Return.INVALID_ARGUMENT, ValueType.DOUBLE, 0.0]
    try:
        return [Return.SUCCESS, *read(now, scope)]
    except DriverError as error:
        return [error.code, ValueType.DOUBLE, 0.0]


def _memory_temperature(now: Now, _scope: int) -> Value:
    sensed = round(now.state.memory_heat) if now.board.model.memory_sensor else 0
    return ValueType.UNSIGNED_INT, sensed


def _average_power(now: Now, _scope: int) -> Value:
    return ValueType.UNSIGNED_INT, milliwatts(now.state.average_watts)


def _recovery(now: Now, _scope: int) -> Value:
    return ValueType.UNSIGNED_INT, _GPU_RESET * now.board.effects.needs_reset(now.at)


def _nanoseconds(seconds: Callable[[Flow], float]) -> Read:
    return lambda now, _scope: (
        ValueType.UNSIGNED_LONG_LONG,
        int(seconds(now.state.totals(now.at)) * _NANO),
    )


def _zero(value_type: ValueType) -> Read:
    return lambda _now, _scope: (value_type, 0)


def _pcie_errors(now: Now, _scope: int) -> Value:
    return ValueType.UNSIGNED_INT, now.board.effects.pcie_errors(now.at)


def _nvlink_bytes(now: Now, scope: int) -> Value:
    links = _links(now, scope)
    share = 1 if scope == ALL_LINKS else links
    return ValueType.UNSIGNED_LONG_LONG, int(now.state.totals(now.at).nvlink / share) // _KIBI


def _link_errors(error: str) -> Read:
    def read(now: Now, scope: int) -> Value:
        _links(now, scope)
        if not now.board.model.counts_per_link:
            raise not_supported("errors of a link")
        return ValueType.UNSIGNED_LONG_LONG, now.board.effects.nvlink_errors(now.at, error, scope)

    return read


def _all_errors(error: str) -> Read:
    def read(now: Now, scope: int) -> Value:
        _links(now, scope)
        if now.board.model.counts_per_link:
            raise not_supported("errors of all links")
        return ValueType.UNSIGNED_LONG_LONG, now.board.effects.nvlink_errors(now.at, error)

    return read


def _links(now: Now, scope: int) -> int:
    """How many links there are."""
    links = now.board.model.nvlinks
    if not links or now.mig:
        raise not_supported("NVLink")
    if scope != ALL_LINKS and not 0 <= scope < links:
        raise invalid("NVLink number")
    return links


_FIELDS: Mapping[int, Read] = {
    Field.MEMORY_TEMP: _memory_temperature,
    Field.POWER_AVERAGE: _average_power,
    Field.GET_GPU_RECOVERY_ACTION: _recovery,
    Field.PERF_POLICY_POWER: _nanoseconds(lambda total: total.sw_power_cap),
    Field.PERF_POLICY_SYNC_BOOST: _zero(ValueType.UNSIGNED_LONG_LONG),
    Field.CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN: _nanoseconds(lambda total: total.sw_thermal),
    # Driver 580 answers a double for these two, and no count (data/h200_nvml_survey.json).
    Field.CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN: _zero(ValueType.DOUBLE),
    Field.CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN: _zero(ValueType.DOUBLE),
    Field.PCIE_COUNT_CORRECTABLE_ERRORS: _pcie_errors,
    Field.PCIE_COUNT_NON_FATAL_ERROR: _zero(ValueType.UNSIGNED_INT),
    Field.PCIE_COUNT_FATAL_ERROR: _zero(ValueType.UNSIGNED_INT),
    Field.PCIE_COUNT_BAD_TLP: _zero(ValueType.UNSIGNED_INT),
    Field.NVLINK_THROUGHPUT_DATA_RX: _nvlink_bytes,
    Field.NVLINK_THROUGHPUT_DATA_TX: _nvlink_bytes,
    Field.NVLINK_ERROR_DL_CRC: _link_errors("crc"),
    Field.NVLINK_ERROR_DL_REPLAY: _link_errors("replay"),
    Field.NVLINK_ERROR_DL_RECOVERY: _link_errors("recovery"),
    Field.NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL: _all_errors("crc"),
    Field.NVLINK_REPLAY_ERROR_COUNT_TOTAL: _all_errors("replay"),
    Field.NVLINK_RECOVERY_ERROR_COUNT_TOTAL: _all_errors("recovery"),
    Field.NVLINK_ECC_DATA_ERROR_COUNT_TOTAL: _all_errors("ecc"),
}
