"""The child as its parent sees it: a line in, a line out."""

import json
import subprocess
import sys

import msgspec
import pytest

from catalog.probe import CHILD_MODULE, Outcome, Reason, Result

_ORDER = {
    "probe": "kernel-latency",
    "uuid": "GPU-00000000-0000-0000-0000-000000000000",
    "nonce": "ab12",
    "class": "A",
    "budget_gpu_seconds": 1.0,
}


def child(order: bytes) -> subprocess.CompletedProcess[bytes]:
    """What the child does with *order*."""
    command = [sys.executable, "-P", "-m", CHILD_MODULE]
    return subprocess.run(command, input=order, capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_without_a_gpu_the_answer_is_one_line_with_a_reason(end: bytes) -> None:
    """Whatever is missing here, the child says so and exits with 0."""
    done = child(json.dumps(_ORDER).encode() + end)

    assert done.returncode == 0
    assert done.stdout.count(b"\n") == 1
    result = msgspec.json.decode(done.stdout, type=Result)
    assert result.outcome is Outcome.ERROR
    assert result.reason in {Reason.NO_PYCUDA, Reason.NO_DRIVER, Reason.NO_SUCH_GPU}


@pytest.mark.parametrize("order", [b"", b"{", b"[]", b'{"probe": "x"}'])
def test_what_is_no_order_is_one_line_on_standard_error(order: bytes) -> None:
    """The parent sees an exit code of 2 and the reason in its log; no traceback."""
    done = child(order)

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"not an order: ")
    assert done.stderr.count(b"\n") == 1
