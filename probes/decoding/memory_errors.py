"""Errors of a GPU's memory, and what was or must be done about them."""

import math
from collections.abc import Mapping, Sequence
from typing import cast

from catalog.metrics import ecc
from probes.answers import INTEGERS, Asker, choice, flag, number
from probes.driver import Field
from probes.gpu import Ecc, Flag, Number, RemappedRows

_ECC_LOCATIONS = {"dram": 2, "sram": 7}  # nvmlMemoryLocation_t


class MemoryErrors:
    """A part of a GPU's answers."""

    asker: Asker

    def ecc(self) -> Ecc:
        current, pending = self.asker.sequence("nvmlDeviceGetEccMode") or (None, None)
        return Ecc(flag(current), flag(pending))

    def ecc_errors(self, *, lifetime: bool) -> Mapping[tuple[str, str], Number]:
        return {
            (kind, location): self.asker.number(
                "nvmlDeviceGetMemoryErrorCounter", code, int(lifetime), where
            )
            for code, kind in enumerate(ecc.TYPES)
            for location, where in _ECC_LOCATIONS.items()
        }

    def sram_threshold_exceeded(self) -> Flag:
        return flag(
            self.asker.structure("nvmlDeviceGetSramEccErrorStatus").get("bThresholdExceeded")
        )

    def remapped_rows(self) -> RemappedRows:
        answer = self.asker.sequence("nvmlDeviceGetRemappedRows") or (None,) * 4
        corrected, uncorrected, pending, failure = answer
        return RemappedRows(number(corrected), number(uncorrected), flag(pending), flag(failure))

    def remap_banks(self) -> Mapping[str, Number]:
        histogram = self.asker.structure("nvmlDeviceGetRowRemapperHistogram")
        return {name: number(histogram.get(name)) for name in ecc.AVAILABILITIES}

    def retired_pages(self) -> Mapping[str, Number]:
        pages = (
            self.asker.ask("nvmlDeviceGetRetiredPages", cause) for cause in range(len(ecc.TYPES))
        )
        return {
            kind: None if addresses is None else float(len(cast(Sequence[int], addresses)))
            for kind, addresses in zip(ecc.TYPES, pages, strict=True)
        }

    def page_retirement_pending(self) -> Flag:
        return self.asker.flag("nvmlDeviceGetRetiredPagesPendingStatus")

    def repairs_pending(self) -> Mapping[str, Flag]:
        answer = self.asker.sequence("nvmlDeviceGetRepairStatus") or (None, None)
        return {unit: flag(value) for unit, value in zip(ecc.REPAIRS, answer, strict=True)}

    def memory_unrepairable(self) -> Flag:
        return self.asker.flag("nvmlDeviceGetUnrepairableMemoryFlag_v1")

    def recovery_action(self) -> str | None:
        (value,) = self.asker.fields((Field.GET_GPU_RECOVERY_ACTION, 0), types=INTEGERS)
        if value is None or math.isnan(value):
            return None
        return choice(int(value), ecc.ACTIONS)
