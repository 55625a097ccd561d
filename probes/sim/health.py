"""Answers about memory errors and what has been done about them."""

from probes.driver import Answer
from probes.sim.board import Now, Questions, invalid, not_supported

_TYPES = ("corrected", "uncorrected")  # nvmlMemoryErrorType_t
_AGGREGATE = 1  # nvmlEccCounterType_t
_LOCATIONS = {2: "dram", 7: "sram"}  # nvmlMemoryLocation_t
_SRAM_LIMIT = 10
"""Uncorrected SRAM errors that pass the vendor's limit; NVIDIA does not publish it."""


def errors(now: Now, kind: int, counter: int, location: int) -> Answer:
    """Counts of `nvmlDeviceGetMemoryErrorCounter`; the board has seen a few before."""
    if location not in _LOCATIONS:
        raise not_supported("memory location")
    if not 0 <= kind < len(_TYPES):
        raise invalid("memory error type")
    count = now.board.effects.ecc_errors(now.at, _TYPES[kind], _LOCATIONS[location])
    before = int(now.board.own.at(6) * 4) if (kind, location) == (0, 2) else 0
    return count + before if counter == _AGGREGATE else count


def sram(now: Now) -> Answer:
    """`nvmlEccSramErrorStatus_v1_t`, of which only the verdict matters; Hopper and newer."""
    if not now.board.model.gpm:
        raise not_supported("SRAM error status")
    count = now.board.effects.ecc_errors(now.at, "uncorrected", "sram")
    return {"volatileUncSecDed": count, "bThresholdExceeded": int(count > _SRAM_LIMIT)}


def rows(now: Now) -> Answer:
    """Remapped after corrected and after uncorrected errors, pending, failed."""
    return now.board.effects.rows(now.at)


def banks(now: Now) -> Answer:
    """Banks by the spare rows they have left: each remapped row took one of a bank of its own."""
    touched = now.board.effects.rows(now.at)
    return {
        "max": now.board.model.remap_banks - touched.uncorrected - touched.failure,
        "high": touched.uncorrected,
        "partial": 0,
        "low": 0,
        "none": touched.failure,
    }


def repair(now: Now) -> Answer:
    """Whether a channel or a TPC waits for repair; boards with HBM."""
    if not now.board.model.memory_sensor:
        raise not_supported("repair status")
    return [0, 0]


def unrepairable(now: Now) -> Answer:
    """Hopper and newer."""
    if not now.board.model.gpm:
        raise not_supported("unrepairable memory flag")
    return 0


def retired(_now: Now, *_cause: int) -> Answer:
    """Ampere and newer remap rows; they retire no pages."""
    raise not_supported("page retirement")


QUESTIONS: Questions = {
    "nvmlDeviceGetEccMode": lambda _now: [1, 1],
    "nvmlDeviceGetMemoryErrorCounter": errors,
    "nvmlDeviceGetSramEccErrorStatus": sram,
    "nvmlDeviceGetRemappedRows": rows,
    "nvmlDeviceGetRowRemapperHistogram": banks,
    "nvmlDeviceGetRepairStatus": repair,
    "nvmlDeviceGetUnrepairableMemoryFlag_v1": unrepairable,
    "nvmlDeviceGetRetiredPages": retired,
    "nvmlDeviceGetRetiredPagesPendingStatus": retired,
}
