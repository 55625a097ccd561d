"""GPM: averages between two samples of what flowed, as `nvmlGpmMetricsGet` gives them."""

from collections.abc import Callable, Mapping

from catalog.errors import DriverError
from probes.driver import Answer, Gpm, Return
from probes.sim.board import Now, not_supported
from probes.sim.gpu import Flow
from probes.sim.models import MIB

_PERCENT = 100.0

# Of a second's flow: percent, and MiB a second.
_METRICS: Mapping[int, Callable[[Flow], float]] = {
    Gpm.SM_UTIL: lambda flow: flow.sm * _PERCENT,
    Gpm.SM_OCCUPANCY: lambda flow: flow.occupancy * _PERCENT,
    Gpm.ANY_TENSOR_UTIL: lambda flow: flow.tensor * _PERCENT,
    Gpm.DRAM_BW_UTIL: lambda flow: flow.dram * _PERCENT,
    Gpm.FP64_UTIL: lambda flow: flow.fp64 * _PERCENT,
    Gpm.FP32_UTIL: lambda flow: flow.fp32 * _PERCENT,
    Gpm.FP16_UTIL: lambda flow: flow.fp16 * _PERCENT,
    Gpm.PCIE_RX_PER_SEC: lambda flow: flow.pcie_receive / MIB,
    Gpm.PCIE_TX_PER_SEC: lambda flow: flow.pcie_transmit / MIB,
}


class Sampler:
    """Remembers the sample before, for one device."""

    def __init__(self) -> None:
        self._before: tuple[float, Flow] | None = None

    def average(self, now: Now, *metrics: int) -> Answer:
        """The averages since it was last asked."""
        if not now.board.model.gpm or now.mig:
            raise not_supported("GPM")
        before, self._before = self._before, (now.at, now.state.totals(now.at))
        if before is None or now.at <= before[0]:
            raise DriverError(Return.NOT_READY, "GPM: no earlier sample")
        seconds = now.at - before[0]
        pairs = zip(before[1], self._before[1], strict=True)
        flow = Flow._make([(after - earlier) / seconds for earlier, after in pairs])
        return {"seconds": seconds, "values": [_value(metric, flow) for metric in metrics]}


def _value(metric: int, flow: Flow) -> Answer:
    read = _METRICS.get(metric)
    return [Return.NOT_SUPPORTED, 0.0] if read is None else [Return.SUCCESS, read(flow)]
