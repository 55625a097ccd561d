"""Our question to a real gRPC server on a Unix socket, well and ill."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.attribution import answers, kubelet
from exporter.attribution.failure import AttributionError, Reason
from exporter.attribution.kubelet_source import KubeletSource
from tests.exporter.attribution.kubelet import Kubelet, devices, pod, talking
from tests.exporter.attribution.node import ONE, ZERO


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the kubelet's socket is."""
    return tmp_path / "kubelet.sock"


@pytest.fixture
def running(path: Path) -> Iterator[Kubelet]:
    """A kubelet that offers two GPUs, of which one is taken."""
    with Kubelet(path).running() as server:
        server.pods = [pod("train-0", ZERO)]
        server.allocatable = [devices(ZERO, ONE)]
        yield server


async def failure(path: Path) -> Reason:
    """Why the kubelet's list cannot be had."""
    with pytest.raises(AttributionError) as caught:
        await KubeletSource(socket=str(path)).ask()
    assert str(path) in str(caught.value) or caught.value.reason is Reason.MALFORMED
    return caught.value.reason


async def test_what_it_says(running: Kubelet) -> None:
    """Pods with devices, and the devices that there are."""
    said = await KubeletSource(socket=str(running.socket)).ask()

    (claim,) = said.claims
    assert (claim.holder.namespace, claim.holder.pod) == ("ml", "train-0")
    assert claim.device.names == (ZERO,)
    assert said.allocatable is not None
    assert [device.names for device in said.allocatable] == [(ZERO,), (ONE,)]


async def test_an_old_kubelet_tells_no_allocatable(running: Kubelet) -> None:
    """Before Kubernetes 1.23 the method may be switched off: the list is good all the same."""
    running.allocatable = None

    said = await KubeletSource(socket=str(running.socket)).ask()

    assert said.allocatable is None
    assert len(said.claims) == 1


async def test_it_refuses(running: Kubelet) -> None:
    """An error of the kubelet is one of ours, with its reason."""
    running.refuses = True

    assert await failure(running.socket) is Reason.REFUSED


async def test_it_hangs(running: Kubelet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question has a deadline, and the next one is answered."""
    monkeypatch.setattr(kubelet, "DEADLINE", 0.3)
    running.hangs = True
    assert await failure(running.socket) is Reason.TIMEOUT

    running.hangs = False
    assert (await KubeletSource(socket=str(running.socket)).ask()).claims


async def test_it_takes_connections_and_says_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is stopped: the kernel connects us, nobody speaks."""
    monkeypatch.setattr(kubelet, "DEADLINE", 0.3)
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(path))
        deaf.listen()

        assert await failure(path) is Reason.TIMEOUT


async def test_it_is_gone(path: Path) -> None:
    """No socket, and one that nobody listens on."""
    assert await failure(path) is Reason.UNREACHABLE
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    assert await failure(path) is Reason.UNREACHABLE


@pytest.mark.parametrize(
    "chunks",
    [
        (b"",),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n",),
        (b"\x00" * 64,),
        (b"\x00\x00\x00\x04\x00\x00\x00\x00\x00", b"\xff" * 4096),
        (b"\x00\x00\x00\x04\x00\x00\x00\x00\x00", b"\x00\x00\x08\x06\x00\x00\x00\x00\x00"),
    ],
    ids=["hangs up", "HTTP/1", "zeros", "garbage after settings", "half a ping"],
)
async def test_it_talks_nonsense(path: Path, chunks: tuple[bytes, ...]) -> None:
    """Whatever bytes come instead of HTTP/2, it is one failure."""
    with talking(path, *chunks):
        assert await failure(path) in (Reason.MALFORMED, Reason.UNREACHABLE)


@pytest.mark.parametrize("answer", [b"\xff\xff\xff", b"\x0a\x7f", b"\x0a\x02\x0a\xff"])
async def test_its_answer_is_no_list(answer: bytes) -> None:
    """Bytes that are no message of the protocol."""
    with pytest.raises(AttributionError) as caught:
        answers.claims(answer)

    assert caught.value.reason is Reason.MALFORMED


async def test_an_answer_of_15_mebibytes(running: Kubelet) -> None:
    """What the limit allows is read."""
    running.padding = 15 * 2**20

    assert (await KubeletSource(socket=str(running.socket)).ask()).claims


async def test_an_answer_of_17_mebibytes(running: Kubelet) -> None:
    """A little more is not."""
    running.padding = 17 * 2**20

    assert await failure(running.socket) is Reason.TOO_LARGE


async def test_an_answer_without_end(running: Kubelet) -> None:
    """It is cut off as soon as it is too large, not kept until it ends or its time is over."""
    running.endless = True

    assert await failure(running.socket) is Reason.TOO_LARGE


async def test_it_restarts(path: Path) -> None:
    """A new socket in the same folder is found."""
    for name in ("before", "after"):
        with Kubelet(path).running() as server:
            server.pods = [pod(name, ZERO)]
            said = await KubeletSource(socket=str(path)).ask()
            assert [claim.holder.pod for claim in said.claims] == [name]
        assert await failure(path) is Reason.UNREACHABLE
