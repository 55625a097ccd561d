"""The probes on a real GPU: `pytest -m gpu`, with the extra `cuda` installed."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import pynvml
import pytest

from catalog.errors import ProbeError
from catalog.probe import (
    CHILD_MODULE,
    CLASSES,
    Limits,
    Order,
    Outcome,
    Probe,
    ProbeClass,
    Reason,
    Result,
    process_name,
)
from cuda_probes import compute_integrity, memory_integrity
from cuda_probes.compute_integrity import TESTS, Exam, Fault
from cuda_probes.driver import Library, driver_text, initialised, load
from cuda_probes.gpu import Gpu
from cuda_probes.memory_integrity import Pattern
from cuda_probes.ptx import ptx
from cuda_probes.run import Run

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def uuid() -> str:
    """The first GPU's."""
    pynvml.nvmlInit()
    return str(pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetHandleByIndex(0)))


def used_bytes() -> int:
    """Device memory in use by anybody."""
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    return int(pynvml.nvmlDeviceGetMemoryInfo(handle).used)


@pytest.fixture(scope="module")
def library(uuid: str) -> Library:
    """CUDA, seeing that GPU alone."""
    os.environ["CUDA_VISIBLE_DEVICES"] = uuid
    return initialised(load(), driver_text)


@pytest.fixture
def gpu(library: Library) -> Iterator[Gpu]:
    """The GPU with a context in this process."""
    gpu = Gpu(library, 0)
    yield gpu
    gpu.close()


def order(probe: Probe, uuid: str, **changes: Any) -> Order:
    """A right order but for *changes*."""
    right = {
        "probe": probe,
        "uuid": uuid,
        "peer": uuid if probe is Probe.PEER_LINK else None,
        "nonce": "gputest",
        "seed": secrets.randbits(64),
        "probe_class": min(CLASSES[probe]),
        "budget_gpu_seconds": 2.0,
    }
    return Order(**(right | changes))


def started(asked: Order) -> subprocess.Popen[bytes]:
    """A child that has its order."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", CHILD_MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(asked) + b"\n")
    process.stdin.close()
    process.stdin = None
    return process


def child(asked: Order) -> Result:
    """What a child answers."""
    process = started(asked)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.count(b"\n") == 1
    return msgspec.json.decode(out, type=Result)


def in_process(asked: Order, gpu: Gpu) -> Run:
    """A run in this process."""
    return Run(asked, gpu, stopped=lambda: False, clock=time.perf_counter)


@pytest.mark.parametrize("probe", Probe)
@pytest.mark.parametrize("probe_class", ProbeClass)
def test_a_healthy_gpu_passes(probe: Probe, probe_class: ProbeClass, uuid: str) -> None:
    """Every probe in every class it has; the peer link rehearses with one GPU in both places."""
    if probe_class not in CLASSES[probe]:
        pytest.skip("not in this class")

    result = child(order(probe, uuid, probe_class=probe_class))

    assert (result.outcome, result.message) == (Outcome.SUCCESS, "")
    assert result.timings["total"] < 10
    if probe_class is ProbeClass.A:
        assert result.gpu_seconds <= 0.005


def test_bandwidth_is_below_the_peak(uuid: str) -> None:
    """No direction is faster than the memory's pins, or slower than half of them."""
    for measured in child(order(Probe.MEMORY_BANDWIDTH, uuid)).measurements:
        assert measured.peak is not None
        assert 0.5 < measured.bytes_per_second / measured.peak <= 1


def test_every_sm_answers(uuid: str, gpu: Gpu) -> None:
    """As many SMs are covered as the GPU has."""
    result = child(order(Probe.COMPUTE_INTEGRITY, uuid))

    assert result.sms_covered == gpu.facts.sms


def test_a_sweep_reads_most_of_the_memory(uuid: str, gpu: Gpu) -> None:
    """All six patterns go over more than half of the GPU's memory within two GPU seconds."""
    asked = order(Probe.MEMORY_INTEGRITY, uuid, probe_class=ProbeClass.B)

    assert child(asked).verified_bytes > gpu.facts.memory_bytes * 6 / 2


@pytest.mark.parametrize("pattern", memory_integrity.PATTERNS, ids=lambda pattern: pattern.name)
def test_a_flipped_bit_in_memory_is_found(pattern: Pattern, uuid: str, gpu: Gpu) -> None:
    """Any bit, anywhere, in any pattern."""
    place, bit = secrets.randbelow(memory_integrity.TILE_BYTES), secrets.randbelow(8)

    def flip(written: Pattern, pieces: Any) -> None:
        if written is pattern:
            address = pieces[0][0] + place
            gpu.upload(address, bytes([gpu.download(address, 1)[0] ^ 1 << bit]))

    found = memory_integrity.probe(in_process(order(Probe.MEMORY_INTEGRITY, uuid), gpu), flip)

    assert [(m.test, m.offset) for m in found.mismatches] == [(pattern.name, place & ~7)]
    assert found.mismatches[0].expected ^ found.mismatches[0].found == 1 << place % 8 * 8 + bit


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.kernel)
def test_a_corrupted_constant_on_one_sm_is_found(
    test: compute_integrity.Arithmetic, uuid: str, gpu: Gpu
) -> None:
    """Any bit of the constant, on any SM, and that SM is named."""
    if gpu.facts.capability < test.since:
        pytest.skip("this GPU has no such instruction")
    exam = Exam(in_process(order(Probe.COMPUTE_INTEGRITY, uuid), gpu))
    sm, bit = secrets.randbelow(gpu.facts.sms), secrets.randbelow(test.bits)

    found = exam.held(secrets.randbits(32), Fault(kernel=test.kernel, sm=sm, flip=1 << bit))

    assert [(m.test, m.sm) for m in found.mismatches] == [(test.kernel, sm)]


def test_launches_are_timed_by_two_clocks(uuid: str) -> None:
    """The host sees a launch take longer than the GPU does."""
    result = child(order(Probe.KERNEL_LATENCY, uuid))
    launch, event = result.latencies

    assert 1e-6 < median(event.seconds) < median(launch.seconds) < 1e-3


def test_an_unknown_uuid_is_no_such_gpu() -> None:
    """The child never takes another GPU instead."""
    missing = "GPU-00000000-0000-0000-0000-000000000000"

    assert child(order(Probe.MEMORY_INTEGRITY, missing)).reason is Reason.NO_SUCH_GPU


def test_more_memory_than_there_is_is_out_of_memory(uuid: str) -> None:
    """The driver's own refusal, translated."""
    limits = Limits(memory_bytes=1 << 45)

    assert child(order(Probe.MEMORY_INTEGRITY, uuid, limits=limits)).reason is Reason.OUT_OF_MEMORY


def test_ptx_that_is_too_new_is_a_driver_that_is_too_old(gpu: Gpu) -> None:
    """The driver's own refusal, translated."""
    with pytest.raises(ProbeError) as refused:
        gpu.kernel(ptx("clock").replace(b".version 8.0", b".version 99.0"), "empty", "")

    assert refused.value.reason is Reason.DRIVER_TOO_OLD


def test_a_kernel_that_goes_astray_is_a_sticky_error(uuid: str) -> None:
    """A real illegal access, in a process of its own: the context is dead, the process still ends well."""
    astray = (
        "import os; from cuda_probes.driver import *; from cuda_probes.gpu import *; from cuda_probes.ptx import ptx\n"
        "from catalog.errors import ProbeError\n"
        "gpu = Gpu(initialised(load(), driver_text), 0)\n"
        "try:\n"
        "    gpu.kernel(ptx('clock'), 'sm_clock', 'IP').launch(1, 32, 1000, 16)\n"
        "    gpu.synchronize()\n"
        "except ProbeError as error:\n"
        "    print(error.reason, gpu.dead, flush=True)\n"
        "    gpu.close()\n"
        "    os._exit(0)\n"
    )
    environ = os.environ | {"CUDA_VISIBLE_DEVICES": uuid}
    done = subprocess.run(
        [sys.executable, "-c", astray], stdout=subprocess.PIPE, env=environ, check=True
    )

    assert done.stdout == b"sticky_error True\n"


def test_the_driver_knows_the_child_by_its_name(uuid: str) -> None:
    """The process and its threads are called gv-NONCE from before CUDA starts."""
    process = started(order(Probe.MEMORY_INTEGRITY, uuid, probe_class=ProbeClass.B))
    names = set[str]()
    while process.poll() is None:
        for comm in Path(f"/proc/{process.pid}/task").glob("*/comm"):
            try:
                names.add(comm.read_text().strip())
            except OSError:
                continue
        time.sleep(0.01)
    process.communicate()

    assert process_name("gputest") in names


def test_sigterm_ends_a_run_between_launches(uuid: str) -> None:
    """The child answers `interrupted`, or had finished; it never dies of the signal."""
    reasons = set()
    for delay in (0.5, 0.6, 0.7, 0.8, 0.9):
        process = started(order(Probe.MEMORY_INTEGRITY, uuid, probe_class=ProbeClass.B))
        time.sleep(delay)
        process.terminate()
        out, _ = process.communicate(timeout=10)
        assert process.returncode == 0
        reasons.add(msgspec.json.decode(out, type=Result).reason)

    assert Reason.INTERRUPTED in reasons
    assert reasons <= {Reason.INTERRUPTED, Reason.NONE}


@pytest.mark.parametrize("delay", [0.3, 0.5, 0.7, 0.9])
def test_a_killed_child_leaves_no_memory_behind(delay: float, uuid: str) -> None:
    """After SIGKILL the GPU's memory is back to what it was, within 5 s."""
    before = used_bytes()
    process = started(order(Probe.MEMORY_INTEGRITY, uuid, probe_class=ProbeClass.B))
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)

    deadline = time.monotonic() + 5
    while used_bytes() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert used_bytes() <= before


def test_a_second_context_is_as_good_as_the_first(library: Library, uuid: str) -> None:
    """Opening and closing leaves nothing behind in the process."""
    before = used_bytes()
    for _ in range(3):
        gpu = Gpu(library, 0)
        memory_integrity.probe(in_process(order(Probe.MEMORY_INTEGRITY, uuid), gpu))
        gpu.close()

    assert used_bytes() <= before + (64 << 20)  # what the driver keeps for the process itself
