"""Asks a device and gives each answer its plain meaning: unsupported is None, a blank is NaN, an error is kept aside."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from catalog.errors import DriverError, GpuLost
from probes.driver import FIELDS, Answer, Device, Field, Return, ValueType
from probes.gpu import Flag, Number

# NVML_VALUE_NOT_AVAILABLE in 32 and 64 bits (nvml.h); DCGM_INT32_BLANK, DCGM_INT64_BLANK and the 15 codes that follow
# each (dcgm_structs.h), which drivers and hypervisors hand through.
_BLANKS = frozenset(
    (2**32 - 1, 2**64 - 1, *range(0x7FFFFFF0, 2**31), *range(0x7FFFFFFFFFFFFFF0, 2**63))
)
# "This GPU, driver or library version does not have it", in the ways that NVML says so.
_CANNOT_TELL = frozenset(
    (
        Return.NOT_SUPPORTED,
        Return.INVALID_ARGUMENT,
        Return.NOT_FOUND,
        Return.FUNCTION_NOT_FOUND,
        Return.ARGUMENT_VERSION_MISMATCH,
        Return.DEPRECATED,
        Return.NOT_READY,
    )
)
INTEGERS = frozenset(ValueType) - {ValueType.DOUBLE}


def is_blank(answer: Answer) -> bool:
    """Whether *answer* is one of the values that drivers give in place of a number."""
    return answer in _BLANKS


def number(answer: Answer, *, times: float = 1.0, parts: float = 1.0) -> Number:
    """*answer* in our unit; NaN if it is one of the driver's blanks or no number at all.

    Args:
        answer: what the driver said.
        times: how many of our units make one of the driver's.
        parts: how many of the driver's units make one of ours.
    """
    if answer is None:
        return None
    if isinstance(answer, (int, float)):
        return math.nan if is_blank(answer) else answer * times / parts
    return math.nan


def flag(answer: Answer) -> Flag:
    """*answer* as a yes or no; a blank is NaN, as with numbers."""
    value = number(answer)
    return value if value is None or math.isnan(value) else value != 0


def text(answer: Answer) -> str:
    """*answer* as a text, empty if the GPU cannot tell."""
    return "" if answer is None else str(answer)


def choice(answer: Answer, names: Sequence[str]) -> str | None:
    """The name of an enumeration's value; a value that we do not know is named by its number."""
    if not isinstance(answer, int) or is_blank(answer):
        return None
    return names[answer] if 0 <= answer < len(names) else f"unknown_{answer}"


class Asker:
    """One device and what went wrong while asking it.

    Attributes:
        failures: (question, reason) of each error since the list was last cleared; unsupported is not an error.
    """

    def __init__(self, device: Device, failures: list[tuple[str, str]] | None = None) -> None:
        self._device = device
        self.failures = [] if failures is None else failures

    def ask(self, question: str, *args: int) -> Answer:
        return self.answered(question, lambda: self._device.ask(question, *args))

    def insist(self, question: str) -> Answer:
        """As `ask`, where going on without the answer would be worse than failing.

        Raises:
            DriverError: the driver did not answer, though it may another time.
        """
        try:
            return self._device.ask(question)
        except DriverError as error:
            if error.code in _CANNOT_TELL:
                return None
            raise

    def answered(self, question: str, ask: Callable[[], Answer]) -> Answer:
        try:
            return ask()
        except DriverError as error:
            if error.code == Return.GPU_IS_LOST:
                raise GpuLost(f"{question}: {error}") from error
            if error.code not in _CANNOT_TELL:
                self.failures.append((question, reason(error.code)))
            return None

    def number(self, question: str, *args: int, times: float = 1.0, parts: float = 1.0) -> Number:
        return number(self.ask(question, *args), times=times, parts=parts)

    def flag(self, question: str) -> Flag:
        return flag(self.ask(question))

    def structure(self, question: str) -> Mapping[str, Answer]:
        answer = self.ask(question)
        return answer if isinstance(answer, Mapping) else {}

    def sequence(self, question: str, *args: int) -> Sequence[Answer]:
        answer = self.ask(question, *args)
        return answer if isinstance(answer, Sequence) and not isinstance(answer, str) else ()

    def fields(
        self, *wanted: tuple[Field, int], types: frozenset[ValueType] = frozenset(ValueType)
    ) -> list[Number]:
        """The values of fields, each (field, scope); NaN where the type is unknown, None where it is not of *types*."""
        answers = self.sequence(FIELDS, *(part for pair in wanted for part in pair))
        if not answers:
            return [None] * len(wanted)
        return [self._field(answer, types) for answer in cast(Sequence[Sequence[Answer]], answers)]

    def _field(self, answer: Sequence[Answer], types: frozenset[ValueType]) -> Number:
        code, value_type, value = answer
        if code != Return.SUCCESS:
            if code == Return.GPU_IS_LOST:
                raise GpuLost(f"{FIELDS}: GPU is lost")
            if code not in _CANNOT_TELL:
                self.failures.append((FIELDS, reason(cast(int, code))))
            return None
        if value is None:
            return math.nan
        return number(value) if value_type in types else None


def reason(code: int) -> str:
    """The driver's *code* as a label."""
    try:
        return Return(code).name.lower()
    except ValueError:
        return f"error_{code}"
