"""What the exporter orders the reader child to do, and the answers."""

from collections.abc import Callable, Mapping

from catalog.errors import GpuVitalsError
from probes.channel import Channel
from probes.messages import BenchNow, Down, Inject, ReadNow, Reply, Stop
from probes.worker import Worker


class Orders:
    """Obeys what comes over *channel*.

    Args:
        source: its name, for who asks it for what it cannot do.
        reads: who reads the GPU with this UUID, None if nobody does.
        driver: what is open now, if anything is.
    """

    def __init__(
        self,
        channel: Channel,
        source: str,
        reads: Callable[[str], Worker | None],
        driver: Callable[[], object],
    ) -> None:
        self._channel = channel
        self._source = source
        self._reads = reads
        self._driver = driver

    def obey(self) -> None:
        """Obey until the exporter hangs up or says stop."""
        while (order := self._channel.receive()) is not None:
            if isinstance(order, Stop):
                break
            self._do(order)

    def _do(self, order: Down) -> None:
        if isinstance(order, ReadNow):
            self._read_now(order)
        elif isinstance(order, Inject):
            self._channel.send(Reply(order.request, self._inject(order.fault)))
        elif isinstance(order, BenchNow):
            self._channel.send(self._bench(order))

    def _read_now(self, order: ReadNow) -> None:
        worker = self._reads(order.uuid)
        if worker:
            worker.read_now(order.tier, order.request)
        else:
            self._channel.send(Reply(order.request, f"there is no GPU {order.uuid}"))

    def _inject(self, fault: Mapping[str, object]) -> str | None:
        inject = getattr(self._driver(), "inject", None)
        if inject is None:
            return f"faults can be injected into a simulated source only, not into {self._source}"
        try:
            inject(fault)
        except GpuVitalsError as error:
            return str(error)
        return None

    def _bench(self, order: BenchNow) -> Reply:
        bench = getattr(self._driver(), "bench", None)
        if bench is None:
            return Reply(order.request, "only a simulated GPU knows what a probe would find")
        try:
            return Reply(order.request, None, bench(order.uuid, order.probe))
        except GpuVitalsError as error:
            return Reply(order.request, str(error))
