"""Blanks: what a driver puts in place of a number that it does not have."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from types import MappingProxyType
from typing import cast

from probes.driver import FIELDS, GPM, Answer

# NVML_VALUE_NOT_AVAILABLE in 32 and 64 bits, and DCGM's "not found" that hypervisors hand through.
_BLANKS = (2**32 - 1, 0x7FFFFFFFFFFFFFF2, 2**64 - 1)

# By the words of `probes.sim.faults.Blanks`: readings only, since a mode or a name has no blank.
_QUESTIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "utilization": frozenset(("nvmlDeviceGetUtilizationRates", GPM)),
        "memory": frozenset(("nvmlDeviceGetMemoryInfo_v2", "nvmlDeviceGetBAR1MemoryInfo")),
        "power": frozenset(
            (
                "nvmlDeviceGetPowerUsage",
                "nvmlDeviceGetEnforcedPowerLimit",
                "nvmlDeviceGetTotalEnergyConsumption",
            )
        ),
        "temperature": frozenset(("nvmlDeviceGetTemperature", "nvmlDeviceGetMarginTemperature")),
        "clocks": frozenset(("nvmlDeviceGetClockInfo", "nvmlDeviceGetPerformanceState")),
        "ecc": frozenset(("nvmlDeviceGetMemoryErrorCounter", "nvmlDeviceGetRowRemapperHistogram")),
        "pcie": frozenset(
            (
                "nvmlDeviceGetCurrPcieLinkGeneration",
                "nvmlDeviceGetCurrPcieLinkWidth",
                "nvmlDeviceGetPcieReplayCounter",
            )
        ),
    }
)
_ALL = frozenset(question for questions in _QUESTIONS.values() for question in questions)


class Blanker:
    """Puts blanks into answers, one kind after the other."""

    def __init__(self) -> None:
        self._blanks: Iterator[int] = cycle(_BLANKS)

    def blanked(self, question: str, answer: Answer, which: frozenset[str]) -> Answer:
        """*answer*, without its numbers if it is one of *which* readings."""
        if question == FIELDS and "all" in which:
            return [self._last(field) for field in cast(Sequence[Answer], answer)]
        if not any(question in _QUESTIONS.get(word, _ALL) for word in which):
            return answer
        if question == GPM and isinstance(answer, Mapping):
            values = cast(Sequence[Answer], answer["values"])
            return {**answer, "values": [self._last(value) for value in values]}
        return self._blank(answer)

    def _last(self, parts: Answer) -> Answer:
        return [*cast(Sequence[Answer], parts)[:-1], next(self._blanks)]

    def _blank(self, answer: Answer) -> Answer:
        if isinstance(answer, Mapping):
            return {key: self._blank(value) for key, value in answer.items()}
        return next(self._blanks) if isinstance(answer, (int, float)) else answer
