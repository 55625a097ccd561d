"""NVLink, summed over the links or link by link."""

from collections.abc import Iterator

from catalog.metric import Sample
from catalog.metrics import nvlink
from probes.gpu import Gpu


def read(gpu: Gpu) -> Iterator[Sample]:
    """All links of one GPU together."""
    states = gpu.nvlink_states()
    if not states:
        return
    yield from nvlink.LINKS.reading(sum(states), state="active")
    yield from nvlink.LINKS.reading(len(states) - sum(states), state="inactive")
    total = gpu.nvlink()
    yield from nvlink.RECEIVE.reading(total.receive_bytes)
    yield from nvlink.TRANSMIT.reading(total.transmit_bytes)
    for kind, count in total.errors.items():
        yield from nvlink.ERRORS.reading(count, kind=kind)


def read_links(gpu: Gpu) -> Iterator[Sample]:
    """Each link of one GPU."""
    for number, active in enumerate(gpu.nvlink_states()):
        link = str(number)
        counters = gpu.nvlink(number)
        yield from nvlink.LINK_ACTIVE.reading(active, link=link)
        yield from nvlink.LINK_RECEIVE.reading(counters.receive_bytes, link=link)
        yield from nvlink.LINK_TRANSMIT.reading(counters.transmit_bytes, link=link)
        for kind, count in counters.errors.items():
            yield from nvlink.LINK_ERRORS.reading(count, link=link, kind=kind)
