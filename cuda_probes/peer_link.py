"""How fast one GPU reaches another's memory: copies one way, the other and both at once, and the latency of single loads.

CUDA does not tell what links two GPUs, so there is no peak here: whoever knows the links by NVML has it.
"""

import struct

from catalog.errors import ProbeError
from catalog.probe import Latency, Measurement, Reason
from cuda_probes.findings import Findings, bandwidth
from cuda_probes.gpu import Gpu
from cuda_probes.ptx import ptx
from cuda_probes.run import Run

SIZE = 32 << 20
"""At PCIe's 25 GB/s within the 2 ms that a launch may take."""
_REPEATS = 12
_STRIDE = 4096
_STEPS = 256
_WALKS = 20


def probe(run: Run) -> Findings:
    """Bandwidth out of this GPU, into it, and both at once; latency of its loads from the peer."""
    peer = run.peer
    if peer is None:
        raise ProbeError(Reason.BAD_ORDER, "peer-link needs a second GPU: name it as the peer")
    size = run.order.limits.memory_bytes or SIZE
    with peer.current():
        peer.reach(run.gpu)
        theirs, their_target = peer.allocate(size), peer.allocate(size)
        ring = peer.allocate(_STEPS * _STRIDE)
        peer.upload(ring, _ring(ring))
    with run.gpu.current():
        run.gpu.reach(peer)
        ours, our_target = run.gpu.allocate(size), run.gpu.allocate(size)
        bench = _Bench(run, peer, size)
        out = bench.one_way("to_peer", run.gpu, peer, their_target, ours)
        back = bench.one_way("from_peer", peer, run.gpu, our_target, theirs)
        both = bench.both((their_target, ours), (our_target, theirs))
        return Findings(measurements=(out, back, both), latencies=(_latency(run, ring),))


class _Bench:
    def __init__(self, run: Run, peer: Gpu, size: int) -> None:
        self._run, self._peer, self._size = run, peer, size

    def one_way(self, name: str, source: Gpu, target: Gpu, to: int, at: int) -> Measurement:
        works = [lambda: source.copy_to_peer(target, to, at, self._size)] * (_REPEATS + 1)
        return bandwidth(name, self._size, self._run.timed(works)[1:])

    def both(self, out: tuple[int, int], back: tuple[int, int]) -> Measurement:
        gpu, peer = self._run.gpu, self._peer
        first, second = gpu.stream(), gpu.stream()

        def work() -> None:
            gpu.wait_for(gpu.mark(first), second)
            gpu.copy_to_peer(peer, *out, self._size, first)
            peer.copy_to_peer(gpu, *back, self._size, second)
            gpu.wait_for(gpu.mark(second), first)

        seconds = self._run.timed([work] * (_REPEATS + 1), first)[1:]
        return bandwidth("both", 2 * self._size, seconds)


def _ring(at: int) -> bytes:
    """Addresses, a page apart, of which the last leads to the first."""
    ring = bytearray(_STEPS * _STRIDE)
    for step in range(_STEPS):
        struct.pack_into("<Q", ring, step * _STRIDE, at + (step + 1) % _STEPS * _STRIDE)
    return bytes(ring)


def _latency(run: Run, begin: int) -> Latency:
    kernel = run.gpu.kernel(ptx("peer"), "chase", "PIP")
    answer = run.gpu.allocate(16)
    seconds = []
    for _ in range(_WALKS + 1):
        run.timed([lambda: kernel.launch(1, 1, begin, _STEPS, answer)])
        _, nanoseconds = struct.unpack("<QQ", run.gpu.download(answer, 16))
        seconds.append(nanoseconds / 1e9 / _STEPS)
    return Latency(name="load", seconds=tuple(seconds[1:]))
