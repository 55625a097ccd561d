"""Reads one tier of one GPU: runs its collectors, drops what cannot be true, and says what went wrong."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from catalog.errors import GpuLost
from catalog.metric import Metric, Sample
from probes.answers import Asker
from probes.collectors import Collector
from probes.gpu import Gpu

Clock = Callable[[], float]


@dataclass(slots=True)
class Outcome:
    """What one reading yielded; the parts are those of `probes.messages.NewReading`."""

    samples: list[Sample] = field(default_factory=list)
    durations: list[tuple[str, float]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    rejected: list[tuple[str, str, str]] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)


class Reader:
    """Runs collectors on one GPU.

    Args:
        asker: the one that *gpu* asks through; it keeps the driver's errors.
        budgets: the most series of a family, by metric name.
    """

    def __init__(self, gpu: Gpu, asker: Asker, budgets: Mapping[str, int], clock: Clock) -> None:
        self._gpu = gpu
        self._asker = asker
        self._budgets = budgets
        self._clock = clock

    def read(self, collectors: Iterable[Collector]) -> Outcome:
        """The samples of *collectors*, each kept from harming the others.

        Raises:
            GpuLost: the GPU is gone.
        """
        outcome = Outcome()
        for collector in collectors:
            began = self._clock()
            try:
                self._keep(collector, outcome)
            finally:
                outcome.durations.append((collector.name, self._clock() - began))
                outcome.failures.extend(
                    (collector.name, reason) for _, reason in self._asker.failures
                )
                self._asker.failures.clear()
        return outcome

    def _keep(self, collector: Collector, outcome: Outcome) -> None:
        room = dict(self._budgets)
        try:
            for sample in collector.read(self._gpu):
                metric = sample.metric
                if not metric.accepts(sample.value):
                    why = _why(sample.value)
                    outcome.rejected.append((collector.name, metric.name, why))
                elif _fits(metric, room):
                    outcome.samples.append(sample)
                else:
                    outcome.dropped[metric.name] = outcome.dropped.get(metric.name, 0) + 1
        except GpuLost:
            raise
        except Exception as error:  # noqa: BLE001 - an answer of a shape nobody foresaw costs one collector, not the GPU
            outcome.failures.append((collector.name, type(error).__name__))


def _why(value: float) -> str:
    return "blank" if math.isnan(value) else "out_of_range"


def _fits(metric: Metric, room: dict[str, int]) -> bool:
    left = room.get(metric.name)
    if left is None:
        return True
    room[metric.name] = left - 1
    return left > 0
