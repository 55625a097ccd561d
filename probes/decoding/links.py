"""PCIe and NVLink of a GPU."""

from collections.abc import Iterable, Mapping

from catalog.metrics import nvlink
from probes.answers import INTEGERS, Asker
from probes.decoding.units import KIBI
from probes.driver import ALL_LINKS, Field
from probes.gpu import Link, Number, NvLink, PcieErrors

_MAX_LINKS = 18
_LINK_ERRORS = {
    "crc": Field.NVLINK_ERROR_DL_CRC,
    "replay": Field.NVLINK_ERROR_DL_REPLAY,
    "recovery": Field.NVLINK_ERROR_DL_RECOVERY,
}
# Before Hopper: one sum over the links each.
_TOTAL_ERRORS = {
    "crc": Field.NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL,
    "replay": Field.NVLINK_REPLAY_ERROR_COUNT_TOTAL,
    "recovery": Field.NVLINK_RECOVERY_ERROR_COUNT_TOTAL,
    "ecc": Field.NVLINK_ECC_DATA_ERROR_COUNT_TOTAL,
}


class Links:
    """A part of a GPU's answers."""

    asker: Asker

    def pcie_link(self) -> Link:
        return Link(
            generation=self.asker.number("nvmlDeviceGetCurrPcieLinkGeneration"),
            width=self.asker.number("nvmlDeviceGetCurrPcieLinkWidth"),
            max_generation=self.asker.number("nvmlDeviceGetMaxPcieLinkGeneration"),
            max_width=self.asker.number("nvmlDeviceGetMaxPcieLinkWidth"),
        )

    def pcie_errors(self) -> PcieErrors:
        counts = self.asker.fields(
            (Field.PCIE_COUNT_CORRECTABLE_ERRORS, 0),
            (Field.PCIE_COUNT_NON_FATAL_ERROR, 0),
            (Field.PCIE_COUNT_FATAL_ERROR, 0),
            (Field.PCIE_COUNT_BAD_TLP, 0),
            types=INTEGERS,
        )
        return PcieErrors(self.asker.number("nvmlDeviceGetPcieReplayCounter"), *counts)

    def nvlink_states(self) -> tuple[bool, ...]:
        states: list[bool] = []
        for link in range(_MAX_LINKS):
            answer = self.asker.ask("nvmlDeviceGetNvLinkState", link)
            if answer is None:
                break
            states.append(bool(answer))
        return tuple(states)

    def nvlink(self, link: int | None = None) -> NvLink:
        scope = ALL_LINKS if link is None else link
        received, sent = self.asker.fields(
            (Field.NVLINK_THROUGHPUT_DATA_RX, scope),
            (Field.NVLINK_THROUGHPUT_DATA_TX, scope),
            types=INTEGERS,
        )
        return NvLink(
            receive_bytes=None if received is None else received * KIBI,
            transmit_bytes=None if sent is None else sent * KIBI,
            errors=self._total_errors() if link is None else self._link_errors(link),
        )

    def _link_errors(self, link: int) -> Mapping[str, float]:
        wanted = ((field, link) for field in _LINK_ERRORS.values())
        return _told(_LINK_ERRORS, self.asker.fields(*wanted, types=INTEGERS))

    def _total_errors(self) -> Mapping[str, float]:
        wanted = ((field, 0) for field in _TOTAL_ERRORS.values())
        totals = _told(_TOTAL_ERRORS, self.asker.fields(*wanted, types=INTEGERS))
        if totals:
            return totals
        links = [self._link_errors(link) for link in range(len(self.nvlink_states()))]
        return {
            kind: sum(errors[kind] for errors in links if kind in errors)
            for kind in nvlink.ERROR_KINDS
            if any(kind in errors for errors in links)
        }


def _told(names: Iterable[str], values: Iterable[Number]) -> Mapping[str, float]:
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}
