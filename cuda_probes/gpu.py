"""A GPU with a context of ours: its memory, kernels, copies and moments, as CUDA's driver gives them."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from time import perf_counter_ns
from typing import Any

from catalog.errors import ProbeError
from catalog.probe import Reason
from cuda_probes.cuda_errors import FATAL
from cuda_probes.driver import Library, Stream
from cuda_probes.facts import Facts

Asking = Callable[[], AbstractContextManager[None]]

Mark = Any
"""A moment between two pieces of work, as the GPU saw it."""


class Kernel:
    """A function on the GPU with the types of its arguments, as `struct` spells them."""

    def __init__(self, asking: Asking, function: Any, signature: str) -> None:
        self._asking = asking
        self.prepared = function.prepare(signature)

    def launch(
        self, blocks: int, threads: int, *arguments: int, stream: Stream | None = None
    ) -> None:
        """Queue it; returns before it has run."""
        with self._asking():
            self.prepared.prepared_async_call((blocks, 1), (threads, 1, 1), stream, *arguments)


class Gpu:
    """One GPU with a context on this thread. Close it, the last opened first: until then half a gigabyte of its memory is ours.

    Args:
        ordinal: the GPU's place among those visible to this process.

    Attributes:
        facts: what it is.
        device, context: CUDA's own; for another `Gpu`.
    """

    def __init__(self, library: Library, ordinal: int) -> None:
        self._library = library
        self._cuda = library.cuda
        self._allocations: dict[int, Any] = {}
        self._pinned: list[Any] = []
        self._dead = False
        with library.translated(in_context=False):
            self.device = self._cuda.Device(ordinal)
            self.facts = self._facts()
            self.context = self.device.make_context(self._cuda.ctx_flags.SCHED_SPIN)

    def close(self) -> None:
        """Give everything back, unless a fatal error made the context unusable: then only the end of the process does."""
        if self._dead:
            return
        for address in tuple(self._allocations):
            self.release(address)
        self._pinned.clear()
        with self._asking():
            self._cuda.Context.pop()
            self.context.detach()

    @property
    def dead(self) -> bool:
        """Whether an error has ended the context."""
        return self._dead

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            with self._library.translated(in_context=True):
                yield
        except ProbeError as error:
            self._dead = self._dead or error.reason in FATAL
            raise

    def _facts(self) -> Facts:
        attribute, of = self._cuda.device_attribute, self.device.get_attribute
        version = self._cuda.get_driver_version()
        return Facts(
            cuda=f"{version // 1000}.{version % 1000 // 10}",
            model=self.device.name(),
            capability=tuple(self.device.compute_capability()),
            sms=of(attribute.MULTIPROCESSOR_COUNT),
            memory_bytes=self.device.total_memory(),
            memory_hertz=of(attribute.MEMORY_CLOCK_RATE) * 1e3 or None,
            bus_bits=of(attribute.GLOBAL_MEMORY_BUS_WIDTH) or None,
            l2_bytes=of(attribute.L2_CACHE_SIZE),
        )

    @contextmanager
    def current(self) -> Iterator[None]:
        """Make this GPU the one that work goes to; needed only where there are two."""
        with self._asking():
            self.context.push()
        try:
            yield
        finally:
            with self._asking():
                self._cuda.Context.pop()

    def reach(self, peer: "Gpu") -> None:
        """Let kernels and copies of this GPU use *peer*'s memory. Two contexts of one GPU need no leave."""
        if self.device == peer.device:
            return
        with self._asking():
            if not self.device.can_access_peer(peer.device):
                raise ProbeError(
                    Reason.NO_PEER_ACCESS, "the GPUs cannot reach each other's memory"
                )
            self.context.enable_peer_access(peer.context)

    # Memory.

    def free_bytes(self) -> int:
        with self._asking():
            return int(self._cuda.mem_get_info()[0])

    def allocate(self, size: int) -> int:
        """The address of *size* new bytes."""
        with self._asking():
            allocation = self._cuda.mem_alloc(size)
        self._allocations[int(allocation)] = allocation
        return int(allocation)

    def release(self, address: int) -> None:
        with self._asking():
            self._allocations.pop(address).free()

    def pinned(self, size: int) -> Any:
        """*size* bytes of host memory that the GPU reaches by itself."""
        with self._asking():
            buffer = self._cuda.pagelocked_empty(size, "u1")
        self._pinned.append(buffer)
        return buffer

    def upload(self, address: int, data: bytes) -> None:
        with self._asking():
            self._cuda.memcpy_htod(address, data)

    def download(self, address: int, size: int) -> bytes:
        data = bytearray(size)
        with self._asking():
            self._cuda.memcpy_dtoh(data, address)
        return bytes(data)

    # Work: all of it is queued.

    def kernel(self, ptx: bytes, name: str, signature: str) -> Kernel:
        return self.kernels(ptx, {name: signature})[name]

    def kernels(self, ptx: bytes, signatures: Mapping[str, str]) -> Mapping[str, Kernel]:
        """Functions of one PTX file by name, compiled for this GPU by its driver."""
        with self._asking():
            module = self._cuda.module_from_buffer(ptx)
            return {
                name: Kernel(self._asking, module.get_function(name), signature)
                for name, signature in signatures.items()
            }

    def copy_in(self, address: int, source: Any, stream: Stream | None = None) -> None:
        with self._asking():
            self._cuda.memcpy_htod_async(address, source, stream)

    def copy_out(self, to: Any, address: int, stream: Stream | None = None) -> None:
        with self._asking():
            self._cuda.memcpy_dtoh_async(to, address, stream)

    def copy(self, to: int, source: int, size: int) -> None:
        with self._asking():
            self._cuda.memcpy_dtod_async(to, source, size, None)

    def copy_to_peer(
        self, peer: "Gpu", to: int, source: int, size: int, stream: Stream | None = None
    ) -> None:
        with self._asking():
            self._cuda.memcpy_peer_async(to, source, size, peer.context, self.context, stream)

    def stream(self) -> Stream:
        with self._asking():
            return self._cuda.Stream()

    def mark(self, stream: Stream | None = None) -> Mark:
        """The moment when all work queued so far is done."""
        with self._asking():
            event = self._cuda.Event()
            event.record(stream)
            return event

    def wait_for(self, mark: Mark, stream: Stream | None = None) -> None:
        """Let *stream* begin what is queued from now on after *mark*."""
        with self._asking():
            if stream is not None:
                stream.wait_for_event(mark)

    def seconds(self, marks: Sequence[Mark]) -> tuple[float, ...]:
        """What went by between each two neighbours, once the last has passed."""
        with self._asking():
            marks[-1].synchronize()
            return tuple(after.time_since(before) / 1e3 for before, after in pairwise(marks))

    def synchronize(self) -> None:
        with self._asking():
            self._cuda.Context.synchronize()

    # The two loops whose own cost is in the figure: nothing is made or looked up in them.

    def launch_delays(self, kernel: Kernel, count: int, patience: float) -> tuple[float, ...]:
        """Seconds on the host's clock from before a launch of one thread until the GPU is done.

        Args:
            kernel: what is launched.
            count: how often, at most.
            patience: seconds after which no further launch begins; two there are always.
        """
        call, wait, now = (
            kernel.prepared.prepared_call,
            self._cuda.Context.synchronize,
            perf_counter_ns,
        )
        begun, done = [0] * count, [0] * count
        grid, block = (1, 1), (1, 1, 1)
        launched = 0
        gc.disable()
        try:
            with self._asking():
                late = now() + int(patience * 1e9)
                for i in range(count):
                    begun[i] = now()
                    call(grid, block)
                    wait()
                    done[i] = now()
                    launched = i + 1
                    if done[i] > late and i:
                        break
        finally:
            gc.enable()
        return tuple((done[i] - begun[i]) / 1e9 for i in range(launched))

    def event_delays(self, kernel: Kernel, count: int, patience: float) -> tuple[float, ...]:
        """Seconds on the GPU's clock from a mark before such a launch to a mark after it; see there."""
        call, wait, now = (
            kernel.prepared.prepared_call,
            self._cuda.Context.synchronize,
            perf_counter_ns,
        )
        grid, block = (1, 1), (1, 1, 1)
        launched = 0
        with self._asking():
            before = [self._cuda.Event() for _ in range(count)]
            after = [self._cuda.Event() for _ in range(count)]
            late = now() + int(patience * 1e9)
            for i in range(count):
                before[i].record()
                call(grid, block)
                after[i].record()
                wait()
                launched = i + 1
                if now() > late and i:
                    break
            return tuple(after[i].time_since(before[i]) / 1e3 for i in range(launched))
