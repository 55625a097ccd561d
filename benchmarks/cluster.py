"""What an exporter in a cluster listens to: a kernel log with Xids in it, and a kubelet whose pods hold the GPUs."""

import asyncio
import itertools
import re
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from grpclib.const import Cardinality, Handler
from grpclib.server import Server, Stream

from benchmarks.exporter import Exporter, serving
from exporter.attribution import podresources_pb2 as wire

_OTHER_PODS = 100
_LINES_A_SECOND = 10
_LINES_A_XID = 100
_GPU = re.compile(r'^gpu_info\{.*?uuid="([^"]+)".*?pci_bus_id="0000([^"]+)\.0"', re.MULTILINE)
_OTHER = "br-1234: port 3(veth12345) entered blocking state"

NOTE = (
    f"A kernel log gets {_LINES_A_SECOND} lines a second, one in {_LINES_A_XID} an Xid; a kubelet lists {_OTHER_PODS} pods and one "
    "more for each GPU."
)


@contextmanager
def serving_in_cluster(*arguments: str) -> Iterator[Exporter]:
    """An exporter as `serving` starts it, with all of that around it; what surrounds it is not among its processes."""
    with tempfile.TemporaryDirectory(prefix="gpuvitals-node-") as name:
        log, socket = Path(name, "kmsg"), Path(name, "kubelet.sock")
        log.touch()
        ending = threading.Event()
        with (
            _kubelet(socket) as pods,
            serving(
                "--kernel-log", str(log), "--pod-resources", str(socket), *arguments
            ) as exporter,
        ):
            gpus = dict(_GPU.findall(exporter.get("/metrics").decode()))
            pods.extend(_pod(f"training-{place}", uuid) for place, uuid in enumerate(gpus))
            writer = threading.Thread(target=_write, args=(log, tuple(gpus.values()), ending))
            writer.start()
            try:
                yield exporter
            finally:
                ending.set()
                writer.join()


def _write(log: Path, buses: Sequence[str], ending: threading.Event) -> None:
    with log.open("a", encoding="utf-8", buffering=1) as file:
        for number in itertools.count(1):
            bus = buses[number // _LINES_A_XID % len(buses)]
            xid = f"NVRM: Xid (PCI:{bus}): 31, pid={number}, name=python, Ch 00000008"
            text = _OTHER if number % _LINES_A_XID else xid
            file.write(f"6,{number},{time.monotonic_ns() // 1000},-;{text}\n")
            if ending.wait(1 / _LINES_A_SECOND):
                return


def _pod(name: str, *devices: str) -> wire.PodResources:
    has = [wire.ContainerDevices(resource_name="nvidia.com/gpu", device_ids=devices)]
    container = wire.ContainerResources(name="main", devices=has if devices else [])
    return wire.PodResources(name=name, namespace="ml", containers=[container])


@contextmanager
def _kubelet(socket: Path) -> Iterator[list[wire.PodResources]]:
    """A server at *socket* in a thread of its own; whoever asks gets the pods in this list."""
    pods = [_pod(f"other-{place}") for place in range(_OTHER_PODS)]
    loop = asyncio.new_event_loop()
    server = Server([_Lister(pods)], loop=loop)
    loop.run_until_complete(server.start(path=str(socket)))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield pods
    finally:
        server.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class _Lister:
    """The pod-resources service as the kubelet has it, of one kind of GPU."""

    def __init__(self, pods: Sequence[wire.PodResources]) -> None:
        self._pods = pods

    async def _list(self, stream: Stream[object, wire.ListPodResourcesResponse]) -> None:
        await stream.recv_message()
        await stream.send_message(wire.ListPodResourcesResponse(pod_resources=self._pods))

    async def _offer(self, stream: Stream[object, wire.AllocatableResourcesResponse]) -> None:
        await stream.recv_message()
        has = [each for pod in self._pods for one in pod.containers for each in one.devices]
        await stream.send_message(wire.AllocatableResourcesResponse(devices=has))

    def __mapping__(self) -> Mapping[str, Handler]:
        service = "/v1.PodResourcesLister"
        return {
            f"{service}/List": Handler(
                self._list,
                Cardinality.UNARY_UNARY,
                wire.ListPodResourcesRequest,
                wire.ListPodResourcesResponse,
            ),
            f"{service}/GetAllocatableResources": Handler(
                self._offer,
                Cardinality.UNARY_UNARY,
                wire.AllocatableResourcesRequest,
                wire.AllocatableResourcesResponse,
            ),
        }
