"""A kubelet's pod-resources server, a real one in gRPC on a Unix socket, in a thread of its own."""

import asyncio
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path

from grpclib.const import Cardinality, Handler, Status
from grpclib.exceptions import GRPCError
from grpclib.server import Server, Stream

from exporter.attribution import podresources_pb2 as wire

Pod = wire.PodResources
_SERVICE = "/v1.PodResourcesLister"


def pod(
    name: str,
    *devices: str,
    namespace: str = "ml",
    container: str = "main",
    resource: str = "nvidia.com/gpu",
) -> Pod:
    """A pod of one container that has *devices* of one resource."""
    has = wire.ContainerDevices(resource_name=resource, device_ids=devices)
    one = wire.ContainerResources(name=container, devices=[has] if devices else [])
    return Pod(name=name, namespace=namespace, containers=[one])


def claimed(
    name: str, device: str, *cdi: str, driver: str = "gpu.nvidia.com", claim: str = "gpu"
) -> Pod:
    """A pod with a device that it claimed (dynamic resource allocation)."""
    resource = wire.ClaimResource(
        cdi_devices=[wire.CDIDevice(name=each) for each in cdi],
        driver_name=driver,
        pool_name="node-7",
        device_name=device,
    )
    dynamic = wire.DynamicResource(
        claim_name=claim, claim_namespace="ml", claim_resources=[resource]
    )
    one = wire.ContainerResources(name="main", dynamic_resources=[dynamic])
    return Pod(name=name, namespace="ml", containers=[one])


def devices(*ids: str, resource: str = "nvidia.com/gpu") -> wire.ContainerDevices:
    """Devices of one resource that pods may get."""
    return wire.ContainerDevices(resource_name=resource, device_ids=ids)


class Kubelet:
    """What it answers can be changed at any time.

    Attributes:
        pods: which it lists.
        allocatable: which devices it offers; None if it has no such method.
        hangs: whether it takes questions and never answers.
        refuses: whether it answers with an error.
        padding: bytes that it adds to its list.
        endless: whether it announces a gibibyte, sends some of it and then nothing more.
        asked: how many lists it was asked for.
    """

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.pods: Sequence[Pod] = ()
        self.allocatable: Sequence[wire.ContainerDevices] | None = ()
        self.hangs = False
        self.refuses = False
        self.padding = 0
        self.endless = False
        self.asked = 0

    async def list(self, stream: Stream[object, wire.ListPodResourcesResponse]) -> None:
        self.asked += 1
        await stream.recv_message()
        if self.hangs:
            await asyncio.Event().wait()
        if self.refuses:
            raise GRPCError(Status.RESOURCE_EXHAUSTED, "rejected by rate limit")
        if self.endless:
            await stream.send_initial_metadata()
            await stream._stream.send_data(struct.pack(">BI", 0, 2**30) + bytes(20 * 2**20))
            await asyncio.Event().wait()
        pods = [*self.pods, *([Pod(name="x" * self.padding)] if self.padding else [])]
        await stream.send_message(wire.ListPodResourcesResponse(pod_resources=pods))

    async def offer(self, stream: Stream[object, wire.AllocatableResourcesResponse]) -> None:
        await stream.recv_message()
        if self.allocatable is None:
            raise GRPCError(Status.UNIMPLEMENTED, "unknown method GetAllocatableResources")
        await stream.send_message(wire.AllocatableResourcesResponse(devices=self.allocatable))

    def __mapping__(self) -> dict[str, Handler]:
        return {
            f"{_SERVICE}/List": Handler(
                self.list,
                Cardinality.UNARY_UNARY,
                wire.ListPodResourcesRequest,
                wire.ListPodResourcesResponse,
            ),
            f"{_SERVICE}/GetAllocatableResources": Handler(
                self.offer,
                Cardinality.UNARY_UNARY,
                wire.AllocatableResourcesRequest,
                wire.AllocatableResourcesResponse,
            ),
        }

    @contextmanager
    def running(self) -> Iterator["Kubelet"]:
        """Serve; after the end the socket is gone, and another start makes another one."""

        @asynccontextmanager
        async def serve() -> AsyncIterator[None]:
            server = Server([self])
            await server.start(path=str(self.socket))
            try:
                yield
            finally:
                server.close()

        with _in_a_thread(serve):
            yield self
        self.socket.unlink(missing_ok=True)


@contextmanager
def talking(socket: Path, *chunks: bytes) -> Iterator[None]:
    """A server that says *chunks* to whoever connects, whatever it is asked, and hangs up."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.writelines(chunks)
        writer.close()

    @asynccontextmanager
    async def serve() -> AsyncIterator[None]:
        async with await asyncio.start_unix_server(answer, socket):
            yield

    with _in_a_thread(serve):
        yield


@contextmanager
def _in_a_thread(serve: Callable[[], AbstractAsyncContextManager[None]]) -> Iterator[None]:
    """Let *serve* run in a loop of its own: the test may block, or have one too."""
    ready, ended = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        async with serve():
            loops.append(asyncio.get_running_loop())
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(10), "it does not serve"
    try:
        yield
    finally:
        loops[0].call_soon_threadsafe(ended.set)
        thread.join(10)
