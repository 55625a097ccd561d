"""A CUDA driver without a GPU: it stands where `pycuda.driver` does, runs our kernels in Python, and fails where it is told to."""

import struct
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from cuda_probes.arithmetic import EXPECTED, WARPS, fold

TEXTS = {
    2: "out of memory",
    3: "initialization error",
    34: "CUDA driver is a stub library",
    46: "CUDA-capable device(s) is/are busy or unavailable",
    100: "no CUDA-capable device is detected",
    101: "invalid device ordinal",
    214: "uncorrectable ECC error encountered",
    217: "peer access is not supported between these two devices",
    222: "the provided PTX was compiled with an unsupported toolchain.",
    700: "an illegal memory access was encountered",
    719: "unspecified launch failure",
    802: "system not yet initialized",
    999: "unknown error",
}
"""What driver 580 says."""

_U64 = (1 << 64) - 1


class Error(Exception):
    """PyCUDA's: text, no code."""


class FakeCuda:
    """One machine with GPUs of four SMs and 16 GiB.

    Args:
        fails: routine -> the code that it answers with from the *after*-th call on.
        peers: whether the GPUs reach each other.
        before_kernel: called with the name of each kernel and this machine, to disturb it.

    Attributes:
        placed: the SM of a block, by how many kernels of this name were launched and its number.
    """

    Error: type[Exception] = Error
    ctx_flags: Any = SimpleNamespace(SCHED_SPIN=1)
    device_attribute: Any = SimpleNamespace(
        MULTIPROCESSOR_COUNT="sms",
        MEMORY_CLOCK_RATE="memory_khz",
        GLOBAL_MEMORY_BUS_WIDTH="bus",
        L2_CACHE_SIZE="l2",
    )

    def __init__(
        self,
        fails: tuple[str, int] | None = None,
        *,
        after: int = 0,
        gpus: int = 2,
        peers: bool = True,
        before_kernel: Callable[[str, "FakeCuda"], None] = lambda _name, _cuda: None,
    ) -> None:
        self.placed: Callable[[int, int], int] = lambda _launches, block: block
        self.fails, self.after, self.gpus, self.peers = fails, after, gpus, peers
        self.before_kernel = before_kernel
        self.memory: dict[int, bytearray] = {}
        self.free = 15 << 30
        self.contexts: list[_Context] = []
        self.opened = 0
        self.dead = False
        self.launched: list[str] = []
        self.memcpy_peer_async: Any = self._copy
        self._next = 1 << 32
        self.Device = lambda ordinal: _Device(self, ordinal)
        self.Event = lambda: _Event(self)
        self.Stream = lambda: SimpleNamespace(wait_for_event=lambda _event: None)
        self.Context = SimpleNamespace(
            pop=self.contexts.pop, synchronize=lambda: self.call("cuCtxSynchronize")
        )

    def call(self, routine: str) -> None:
        """Fail if it is the routine's turn; sticky errors answer everything after."""
        if self.fails is None:
            return
        name, code = self.fails
        if name == routine:
            self.after -= 1
            if self.after < 0:
                self.dead = self.dead or code in (214, 700, 719, 999)
                raise Error(f"{routine} failed: {TEXTS[code]}")
        if self.dead:
            raise Error(f"{routine} failed: {TEXTS[code]}")

    def init(self) -> None:
        self.call("cuInit")

    def get_driver_version(self) -> int:
        return 12080

    def mem_get_info(self) -> tuple[int, int]:
        self.call("cuMemGetInfo")
        return self.free, 16 << 30

    def mem_alloc(self, size: int) -> Any:
        self.call("cuMemAlloc")
        if size > self.free:
            raise Error(f"cuMemAlloc failed: {TEXTS[2]}")
        self.free -= size
        address, self._next = self._next, self._next + size
        self.memory[address] = bytearray(size)
        return _Allocation(self, address, size)

    def pagelocked_empty(self, size: int, _dtype: str) -> Any:
        return _Pinned(size)

    def module_from_buffer(self, buffer: bytes) -> Any:
        self.call("cuModuleLoadDataEx")
        assert buffer.endswith(b"\0")
        return SimpleNamespace(get_function=lambda name: _Function(self, name))

    def at(self, address: int, size: int) -> memoryview:
        """The bytes at an address."""
        for base, memory in self.memory.items():
            if base <= address and address + size <= base + len(memory):
                return memoryview(memory)[address - base : address - base + size]
        raise AssertionError(f"{size} bytes at {address:#x} are not allocated")

    def memcpy_htod(self, to: int, source: bytes) -> None:
        self.call("cuMemcpyHtoD")
        self.at(to, len(source))[:] = source

    def memcpy_dtoh(self, to: bytearray, source: int) -> None:
        self.call("cuMemcpyDtoH")
        to[:] = self.at(source, len(to))

    def memcpy_htod_async(self, to: int, source: "_Pinned", _stream: object) -> None:
        self.at(to, len(source.data))[:] = source.data

    def memcpy_dtoh_async(self, to: "_Pinned", source: int, _stream: object) -> None:
        to.data[:] = self.at(source, len(to.data))

    def memcpy_dtod_async(self, to: int, source: int, size: int, _stream: object) -> None:
        self.at(to, size)[:] = self.at(source, size)

    def _copy(self, to: int, source: int, size: int, *_others: object) -> None:
        self.at(to, size)[:] = self.at(source, size)


class _Pinned:
    def __init__(self, size: int) -> None:
        self.data = bytearray(size)

    def __setitem__(self, _all: slice, value: int) -> None:
        self.data[:] = bytes([value]) * len(self.data)


class _Allocation:
    def __init__(self, cuda: FakeCuda, address: int, size: int) -> None:
        self._cuda, self._address, self._size = cuda, address, size

    def __int__(self) -> int:
        return self._address

    def free(self) -> None:
        self._cuda.call("cuMemFree")
        del self._cuda.memory[self._address]
        self._cuda.free += self._size


class _Event:
    def __init__(self, cuda: FakeCuda) -> None:
        self._cuda, self._at = cuda, 0.0

    def record(self, _stream: object = None) -> None:
        self._at = time.perf_counter()

    def synchronize(self) -> None:
        self._cuda.call("cuEventSynchronize")

    def time_since(self, before: "_Event") -> float:
        return (self._at - before._at) * 1e3


class _Device:
    def __init__(self, cuda: FakeCuda, ordinal: int) -> None:
        self._cuda = cuda
        cuda.call("cuDeviceGet")
        if ordinal >= cuda.gpus:
            raise Error(f"cuDeviceGet failed: {TEXTS[101]}")

    def get_attribute(self, attribute: str) -> int:
        return {"sms": 4, "memory_khz": 1_000_000, "bus": 256, "l2": 4 << 20}[attribute]

    def name(self) -> str:
        return "Fake"

    def compute_capability(self) -> tuple[int, int]:
        return 9, 0

    def total_memory(self) -> int:
        return 16 << 30

    def can_access_peer(self, _other: object) -> bool:
        return self._cuda.peers

    def make_context(self, _flags: int) -> "_Context":
        self._cuda.call("cuCtxCreate")
        context = _Context(self._cuda)
        self._cuda.opened += 1
        context.push()
        return context


class _Context:
    def __init__(self, cuda: FakeCuda) -> None:
        self._cuda = cuda

    def push(self) -> None:
        self._cuda.contexts.append(self)

    def detach(self) -> None:
        self._cuda.call("cuCtxDestroy")
        self._cuda.opened -= 1

    def enable_peer_access(self, _other: object) -> None:
        self._cuda.call("cuCtxEnablePeerAccess")


class _Function:
    def __init__(self, cuda: FakeCuda, name: str) -> None:
        self._cuda, self._name = cuda, name

    def prepare(self, signature: str) -> "_Function":
        self._size = struct.calcsize(signature)
        self._signature = signature
        return self

    def prepared_call(
        self, grid: tuple[int, int], block: tuple[int, int, int], *args: int
    ) -> None:
        self.prepared_async_call(grid, block, None, *args)

    def prepared_async_call(
        self, grid: tuple[int, int], _block: object, _stream: object, *args: int
    ) -> None:
        self._cuda.call("cuLaunchKernel")
        struct.pack(self._signature, *args)
        self._cuda.launched.append(self._name)
        self._cuda.before_kernel(self._name, self._cuda)
        _KERNELS.get(self._name, _arithmetic(self._name))(self._cuda, grid[0], *args)


def _nothing(_cuda: FakeCuda, _blocks: int, *_args: int) -> None:
    """What only takes time on a GPU."""


def _sm_clock(cuda: FakeCuda, _blocks: int, nanoseconds: int, answer: int) -> None:
    cuda.at(answer, 16)[:] = struct.pack("<QQ", nanoseconds * 2, nanoseconds)


def _chase(cuda: FakeCuda, _blocks: int, begin: int, steps: int, answer: int) -> None:
    at = begin
    for _ in range(steps):
        (at,) = struct.unpack("<Q", cuda.at(at, 8))
    cuda.at(answer, 16)[:] = struct.pack("<QQ", at, steps * 500)


def _splitmix(x: int) -> int:
    x = (x + 0x9E3779B97F4A7C15) & _U64
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _U64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _U64
    return x ^ (x >> 31)


def pattern_word(address: int, pattern: int, inverted: int, seed: int) -> int:
    """As kernels/pattern.cu has it."""
    if pattern == 0:
        return address ^ inverted
    if pattern == 1:
        return (1 << (((address >> 3) + seed) & 63)) ^ inverted
    return _splitmix(address ^ seed) ^ inverted


def _pattern_write(cuda: FakeCuda, _blocks: int, at: int, pairs: int, *words: int) -> None:
    values = (pattern_word(at + 8 * i, *words) for i in range(2 * pairs))
    cuda.at(at, 16 * pairs)[:] = struct.pack(f"<{2 * pairs}Q", *values)


def _pattern_verify(cuda: FakeCuda, _blocks: int, at: int, pairs: int, *rest: int) -> None:
    *words, room, report = rest
    found = struct.unpack(f"<{2 * pairs}Q", cuda.at(at, 16 * pairs))
    for i, value in enumerate(found):
        expected = pattern_word(at + 8 * i, *words)
        if value == expected:
            continue
        (count,) = struct.unpack("<Q", cuda.at(report, 8))
        cuda.at(report, 8)[:] = struct.pack("<Q", count + 1)
        if count < room:
            line = struct.pack("<QQQ", at + 8 * i, expected, value)
            cuda.at(report + 8 + 24 * count, 24)[:] = line


def _arithmetic(name: str) -> Callable[..., None]:
    def kernel(cuda: FakeCuda, blocks: int, *args: int) -> None:
        seed, faulty, flip, sms, answers = args
        known = EXPECTED.get(name)
        digests = known(seed) if known else tuple(fold(seed, warp) for warp in range(WARPS))
        for block in range(blocks):
            sm = cuda.placed(cuda.launched.count(name), block)
            wrong = [digest ^ (flip if sm == faulty else 0) for digest in digests]
            cuda.at(sms + 4 * block, 4)[:] = struct.pack("<I", sm)
            cuda.at(answers + 8 * WARPS * block, 8 * WARPS)[:] = struct.pack("<8Q", *wrong)

    return kernel


_KERNELS: dict[str, Callable[..., None]] = {
    "empty": _nothing,
    "read_words": _nothing,
    "write_words": _nothing,
    "copy_words": _nothing,
    "sm_clock": _sm_clock,
    "chase": _chase,
    "pattern_write": _pattern_write,
    "pattern_verify": _pattern_verify,
}
