"""From what a kubelet says to the hub and the counters, and back to nothing when it says no more."""

import asyncio
from pathlib import Path

import pytest

from catalog.metrics import allocation, utilization
from catalog.snapshot import Layout, Reading, Tier
from exporter import holders
from exporter.attribution import source
from exporter.attribution.attribution import Attribution
from exporter.config import Config
from exporter.hub import Hub
from exporter.integrals import Integrals
from exporter.prometheus import Instruments
from history.minute import Key
from tests.exporter.attribution.kubelet import Kubelet, devices, pod
from tests.exporter.attribution.node import ONE, ZERO, snapshot

IDLE = Layout(((utilization.UTILIZATION, ()),))


class Node:
    """Two idle GPUs and who is asked about them."""

    def __init__(self, socket: Path) -> None:
        self.hub = Hub()
        self.hub.latest = snapshot()
        self.integrals = Integrals({})
        config = Config(source="sim", pod_resources=str(socket))
        self.attribution = Attribution(
            config, self.hub, self.integrals, Instruments(), lambda: 1_000.0
        )
        self.at = 100.0

    async def second(self) -> None:
        """One second passes: everybody is asked, each GPU is read."""
        await self.attribution.step()
        self.at += 1
        for uuid in (ZERO, ONE):
            read = Reading(at=self.at, layout=IDLE, values=(0.0,))
            self.hub.reading(uuid, Tier.FAST, read)
            self.attribution.observe(uuid, read)

    def pods(self, uuid: str) -> list[str]:
        return [holder.pod for holder in holders.of(self.hub.latest.gpus[uuid])]

    def counted(self) -> float:
        """Seconds of both GPUs in any state."""
        return sum(
            self.integrals.totals[Key(uuid, allocation.SECONDS, (state,))]
            for uuid in (ZERO, ONE)
            for state in allocation.STATES
        )


async def test_what_is_old_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kubelet that is gone: what it said holds for a while, then nobody holds anything and no second counts."""
    kubelet = Kubelet(tmp_path / "kubelet.sock")
    kubelet.pods = [pod("train-0", ZERO)]
    kubelet.allocatable = [devices(ZERO, ONE)]
    node = Node(kubelet.socket)
    with kubelet.running():
        await node.second()
        await node.second()
    await node.second()
    assert node.pods(ZERO) == ["train-0"]
    assert node.counted() == 4  # the first reading ends no second

    monkeypatch.setattr(source, "OLD", 0.0)
    await asyncio.sleep(0.01)
    await node.second()
    await node.second()

    assert node.pods(ZERO) == []
    assert node.counted() == 4


async def test_a_gpu_that_was_forgotten_is_shown_again(tmp_path: Path) -> None:
    """Another source, a driver that was loaded anew: what the kubelet said before is said again."""
    kubelet = Kubelet(tmp_path / "kubelet.sock")
    kubelet.pods = [pod("train-0", ZERO)]
    node = Node(kubelet.socket)
    with kubelet.running():
        await node.second()
        node.hub.latest = snapshot()
        await node.second()

    assert node.pods(ZERO) == ["train-0"]


async def test_nothing_new_changes_nothing(tmp_path: Path) -> None:
    """The same answer makes no new snapshot, so that no scrape is rendered anew."""
    with Kubelet(tmp_path / "kubelet.sock").running() as kubelet:
        kubelet.pods = [pod("train-0", ZERO)]
        node = Node(kubelet.socket)
        await node.attribution.step()
        before = node.hub.latest
        await node.attribution.step()

    assert node.hub.latest is before
