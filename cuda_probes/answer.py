"""From an order to a result, whatever happens on the way."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import MappingProxyType
from typing import Any

import msgspec

from catalog.errors import ProbeError
from catalog.probe import CLASSES, Context, Order, Outcome, Probe, ProbeClass, Reason, Result
from cuda_probes import (
    compute_integrity,
    host_link,
    kernel_latency,
    memory_bandwidth,
    memory_integrity,
    peer_link,
)
from cuda_probes.driver import Library
from cuda_probes.facts import Facts
from cuda_probes.findings import Findings, Probing
from cuda_probes.gpu import Gpu
from cuda_probes.run import Run
from cuda_probes.stopwatch import Stopwatch
from cuda_probes.warm_up import SmClock

PROBES: Mapping[Probe, Probing] = MappingProxyType(
    {
        Probe.MEMORY_BANDWIDTH: memory_bandwidth.probe,
        Probe.HOST_LINK: host_link.probe,
        Probe.KERNEL_LATENCY: kernel_latency.probe,
        Probe.MEMORY_INTEGRITY: memory_integrity.probe,
        Probe.COMPUTE_INTEGRITY: compute_integrity.probe,
        Probe.PEER_LINK: peer_link.probe,
    }
)

logger = logging.getLogger(__name__)


def answer(
    order: Order,
    opened: Callable[[], Library],
    *,
    stopped: Callable[[], bool] = lambda: False,
    clock: Callable[[], float],
    probes: Mapping[Probe, Probing] = PROBES,
) -> Result:
    """Carry *order* out; an error is an answer too.

    Args:
        order: what to do.
        opened: gives the driver, with the order's GPU as its first and the peer as its second.
        stopped: whether somebody asked us to end.
        clock: seconds that pass on the host.
        probes: what carries out which order.
    """
    attempt = _Attempt(order, clock)
    try:
        attempt.check()
        with attempt.gpus(opened) as (gpu, peer):
            run = Run(order, gpu, peer=peer, stopped=stopped, clock=clock)
            attempt.probe(run, probes[order.probe])
    except ProbeError as error:
        return attempt.failed(error.reason, str(error))
    except Exception as error:
        logger.exception("probe.crashed")
        return attempt.failed(Reason.INTERNAL, f"a bug of the probe: {error!r}")
    return attempt.result()


class _Attempt:
    """What is known so far."""

    def __init__(self, order: Order, clock: Callable[[], float]) -> None:
        self._run: Run | None = None
        self._order = order
        self._watch = Stopwatch(clock)
        self._context: dict[str, Any] = {}
        self._findings = Findings()

    def check(self) -> None:
        order = self._order
        if order.probe_class not in CLASSES[order.probe]:
            raise ProbeError(
                Reason.BAD_ORDER, f"{order.probe} does not run in class {order.probe_class}"
            )
        if order.probe is Probe.PEER_LINK and order.peer is None:
            raise ProbeError(Reason.BAD_ORDER, "peer-link needs a second GPU: name it as the peer")

    @contextmanager
    def gpus(self, opened: Callable[[], Library]) -> Iterator[tuple[Gpu, Gpu | None]]:
        """The order's GPUs with a context each; that of the first is the current one."""
        with self._watch.part("load"):
            library = opened()
        with ExitStack() as contexts:
            peer = None
            with self._watch.part("context"):
                if self._order.peer is not None:
                    # The same GPU twice is a rehearsal: both contexts are on it.
                    ordinal = 0 if self._order.peer == self._order.uuid else 1
                    peer = self._opened(library, ordinal, contexts)
                gpu = self._opened(library, 0, contexts)
            self._context = _told(gpu.facts)
            yield gpu, peer

    def _opened(self, library: Library, ordinal: int, contexts: ExitStack) -> Gpu:
        gpu = Gpu(library, ordinal)
        contexts.callback(self._close, gpu)
        return gpu

    def _close(self, gpu: Gpu) -> None:
        with self._watch.part("close"):
            try:
                gpu.close()
            except ProbeError as error:
                # The answer stands; the process ends in a moment and everything with it.
                logger.warning("probe.close_failed", extra={"error": str(error)})

    def probe(self, run: Run, probing: Probing) -> None:
        self._run = run
        run.checkpoint()
        with self._watch.part("warm_up"):
            clock = SmClock(run)
            if _at_full_clock(self._order):
                settled = clock.settle()
                self._context |= {"sm_hertz_before": settled.hertz, "settled": settled.settled}
            else:
                self._context["sm_hertz_before"] = clock.hertz()
        with self._watch.part("probe"):
            self._findings = probing(run)
        self._context["sm_hertz_after"] = clock.hertz()

    def failed(self, reason: Reason, message: str) -> Result:
        return self._result(Outcome.ERROR, reason, message)

    def result(self) -> Result:
        count = self._findings.mismatch_count
        if count == 0:
            return self._result(Outcome.SUCCESS, Reason.NONE, "")
        first = self._findings.mismatches[0]
        place = f"SM {first.sm}" if first.offset is None else f"offset {first.offset:#x}"
        return self._result(
            Outcome.FAILED,
            Reason.MISMATCH,
            f"{count} wrong answers; the first, {first.test} at {place}: "
            f"{first.found:#x} instead of {first.expected:#x}",
        )

    def _result(self, outcome: Outcome, reason: Reason, message: str) -> Result:
        found = self._findings
        return Result(
            probe=self._order.probe,
            uuid=self._order.uuid,
            peer=self._order.peer,
            outcome=outcome,
            reason=reason,
            message=message,
            measurements=found.measurements,
            latencies=found.latencies,
            gpu_seconds=0.0 if self._run is None else self._run.gpu_seconds,
            sms_covered=found.sms_covered,
            verified_bytes=found.verified_bytes,
            mismatches=found.mismatches,
            mismatch_count=found.mismatch_count,
            context=msgspec.convert(self._context, Context),
            timings=self._watch.seconds | {"total": self._watch.so_far()},
        )


def _at_full_clock(order: Order) -> bool:
    """Whether an answer depends on the SM clock; whether bits are right does not."""
    return order.probe_class is ProbeClass.B or order.probe is Probe.KERNEL_LATENCY


def _told(facts: Facts) -> dict[str, Any]:
    return {
        "cuda": facts.cuda,
        "model": facts.model,
        "sms": facts.sms,
        "memory_bytes": facts.memory_bytes,
        "memory_hertz": facts.memory_hertz,
        "bus_bits": facts.bus_bits,
        "l2_bytes": facts.l2_bytes,
    }
