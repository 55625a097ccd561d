"""One run of a probe: its order, its GPU, what it has spent, and whether it was asked to stop."""

from collections.abc import Callable, Sequence

from catalog.errors import ProbeError
from catalog.probe import Order, ProbeClass, Reason
from cuda_probes.driver import Stream
from cuda_probes.gpu import Gpu

Work = Callable[[], None]
"""Queues one launch or copy."""

_AT_ONCE = 16
"""How many pieces of work are queued before the next look at the stop flag: at most 32 ms."""


class Run:
    """Where a probe gets its GPU and its time from.

    Args:
        peer: the other GPU of `peer-link`.
        stopped: whether somebody asked us to end (SIGTERM).
        clock: seconds that pass on the host.
    """

    def __init__(
        self,
        order: Order,
        gpu: Gpu,
        *,
        peer: Gpu | None = None,
        stopped: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self.order = order
        self.gpu = gpu
        self.peer = peer
        self.clock = clock
        self.gpu_seconds = 0.0
        self._stopped = stopped

    @property
    def small(self) -> bool:
        """Whether this run must be one that a tenant does not notice."""
        return self.order.probe_class is ProbeClass.A

    @property
    def left(self) -> float:
        """GPU seconds that the run may still spend."""
        return self.order.budget_gpu_seconds - self.gpu_seconds

    def checkpoint(self) -> None:
        """End the run here if it was asked to stop or has spent its budget.

        Raises:
            ProbeError: it has to end.
        """
        if self._stopped():
            raise ProbeError(Reason.INTERRUPTED, "stopped by SIGTERM before the run was done")
        if self.left <= 0:
            raise ProbeError(
                Reason.OVER_BUDGET,
                f"the budget of {self.order.budget_gpu_seconds:g} GPU seconds ended before the run",
            )

    def timed(self, works: Sequence[Work], stream: Stream | None = None) -> tuple[float, ...]:
        """Do *works* one after the other; the seconds that each kept the GPU busy."""
        seconds: list[float] = []
        for begin in range(0, len(works), _AT_ONCE):
            self.checkpoint()
            marks = [self.gpu.mark(stream)]
            for work in works[begin : begin + _AT_ONCE]:
                work()
                marks.append(self.gpu.mark(stream))
            took = self.gpu.seconds(marks)
            self.gpu_seconds += sum(took)
            seconds += took
        return tuple(seconds)
