"""Memory errors and repairs."""

from collections.abc import Iterator

from catalog.metric import Sample
from catalog.metrics import ecc
from probes.gpu import Gpu


def read(gpu: Gpu) -> Iterator[Sample]:
    """ECC mode and errors of one GPU."""
    mode = gpu.ecc()
    yield from ecc.ENABLED.reading(mode.enabled)
    yield from ecc.PENDING_ENABLED.reading(mode.pending)
    for (kind, location), count in gpu.ecc_errors(lifetime=False).items():
        yield from ecc.ERRORS.reading(count, type=kind, location=location)
    for (kind, location), count in gpu.ecc_errors(lifetime=True).items():
        yield from ecc.LIFETIME_ERRORS.reading(count, type=kind, location=location)
    yield from ecc.SRAM_THRESHOLD.reading(gpu.sram_threshold_exceeded())


def read_repairs(gpu: Gpu) -> Iterator[Sample]:
    """What has been repaired, what waits for it, and what the GPU asks for."""
    rows = gpu.remapped_rows()
    yield from ecc.REMAPPED_ROWS.reading(rows.corrected, type="corrected")
    yield from ecc.REMAPPED_ROWS.reading(rows.uncorrected, type="uncorrected")
    yield from ecc.REMAP_PENDING.reading(rows.pending)
    yield from ecc.REMAP_FAILURE.reading(rows.failure)
    for availability, banks in gpu.remap_banks().items():
        yield from ecc.REMAP_BANKS.reading(banks, availability=availability)
    for kind, pages in gpu.retired_pages().items():
        yield from ecc.RETIRED_PAGES.reading(pages, type=kind)
    yield from ecc.RETIREMENT_PENDING.reading(gpu.page_retirement_pending())
    for unit, pending in gpu.repairs_pending().items():
        yield from ecc.REPAIR_PENDING.reading(pending, unit=unit)
    yield from ecc.UNREPAIRABLE.reading(gpu.memory_unrepairable())
    yield from ecc.RECOVERY_ACTION.states(gpu.recovery_action(), ecc.ACTIONS)
