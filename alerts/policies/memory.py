"""Errors of device memory, and the repairs and replacements that they call for."""

from alerts.example import Given, flag, steady
from alerts.policy import Policy, Scope, Severity
from catalog.limits import CORRECTED_ERRORS, LOADED, RETIRED_PAGES
from catalog.metrics import ecc, utilization
from catalog.promql import functions as q
from catalog.promql.expr import Expr

_REPLACE = (
    "Drain the GPU, keep `nvidia-smi -q` and the kernel log, and ask the vendor for a replacement."
)
_STAYS = "the flag is set for good, by hardware that counted already"
_RESET = "Drain the GPU when its work is done, and reset it."


def _many_corrected(location: str, limit: int) -> Expr:
    errors = q.select(ecc.ERRORS, type="corrected", location=location)
    return q.increase(errors, "1h") > limit


UNCORRECTED = Policy(
    name="GpuEccUncorrected",
    scope=Scope.GPU,
    severity=Severity.PAGE,
    condition=q.increase(q.select(ecc.ERRORS, type="uncorrected"), "10m") > 0,
    labels=("location",),
    example=(
        Given(series=q.select(ecc.ERRORS, type="uncorrected", location="dram"), bad=1, short=0),
    ),
    meaning="Memory of the GPU ({{ $labels.location }}) gave wrong data that ECC could not correct; what used it was ended.",
    value="{{ $value }} errors in 10 minutes.",
    action="See which Xid came with it, then drain the GPU and reset it.",
    at_once="each such error has ended work already",
    explained_by=("GpuSramThresholdExceeded", "GpuXidRebootNode", "GpuXidResetGpu"),
)
SRAM_THRESHOLD = Policy(
    name="GpuSramThresholdExceeded",
    scope=Scope.GPU,
    severity=Severity.PAGE,
    condition=q.select(ecc.SRAM_THRESHOLD).equals(1),
    example=flag(q.select(ecc.SRAM_THRESHOLD)),
    meaning="Uncorrected errors of the GPU's SRAM passed the vendor's limit: it must be replaced.",
    action=_REPLACE,
    at_once=_STAYS,
    direct=True,
)
CORRECTED = Policy(
    name="GpuEccCorrectedRate",
    scope=Scope.GPU,
    severity=Severity.TICKET,
    condition=_many_corrected("sram", CORRECTED_ERRORS["sram"])
    .or_(_many_corrected("dram", CORRECTED_ERRORS["dram"]))
    .and_on(q.mean(q.select(utilization.UTILIZATION), "1h") >= LOADED, "uuid"),
    labels=("location",),
    example=(
        Given(
            series=q.select(ecc.ERRORS, type="corrected", location="sram"),
            bad=CORRECTED_ERRORS["sram"] / 40,
            short=CORRECTED_ERRORS["sram"] / 70,
        ),
        steady(q.select(utilization.UTILIZATION), 0.9),
    ),
    others=(
        (
            Given(
                series=q.select(ecc.ERRORS, type="corrected", location="dram"),
                bad=CORRECTED_ERRORS["dram"] / 40,
                short=CORRECTED_ERRORS["dram"] / 70,
            ),
            steady(q.select(utilization.UTILIZATION), 0.9),
        ),
        (
            Given(
                series=q.select(ecc.ERRORS, type="corrected", location="sram"),
                bad=CORRECTED_ERRORS["sram"] / 40,
                short=CORRECTED_ERRORS["sram"] / 40,
            ),
            Given(
                series=q.select(utilization.UTILIZATION), bad=0.9, short=0.4, good=0.4, kept=True
            ),
        ),
    ),
    meaning="The GPU corrects more memory errors ({{ $labels.location }}) in an hour of work than one may in its whole service.",
    value="{{ $value }} errors in an hour.",
    action="Watch for remapped rows and uncorrected errors; plan to drain the GPU and run the vendor's diagnosis.",
    lasting="10m",
    explained_by=("GpuEccUncorrected", "GpuRowRemapFailed", "GpuSramThresholdExceeded"),
)
REMAP_PENDING = Policy(
    name="GpuRowRemapPending",
    scope=Scope.GPU,
    severity=Severity.TICKET,
    condition=q.select(ecc.REMAP_PENDING).equals(1),
    example=flag(q.select(ecc.REMAP_PENDING)),
    meaning="A row of the GPU's memory waits to be replaced by a spare one, which the next reset does; work may go on.",
    action=_RESET,
    at_once="it is so until the next reset",
    explained_by=("GpuRowRemapFailed", "GpuXidResetGpu", "GpuRecoveryActionRequired"),
)
REMAP_FAILED = Policy(
    name="GpuRowRemapFailed",
    scope=Scope.GPU,
    severity=Severity.PAGE,
    condition=q.select(ecc.REMAP_FAILURE).equals(1).or_(q.select(ecc.UNREPAIRABLE).equals(1)),
    example=flag(q.select(ecc.REMAP_FAILURE)),
    others=(flag(q.select(ecc.UNREPAIRABLE)),),
    meaning="A row of the GPU's memory could not be replaced by a spare one: the GPU must be replaced.",
    action=_REPLACE,
    at_once=_STAYS,
    explained_by=("GpuXidResetGpu",),
    direct=True,
)
BANKS_EXHAUSTED = Policy(
    name="GpuRemapBanksExhausted",
    scope=Scope.GPU,
    severity=Severity.TICKET,
    condition=q.select(ecc.REMAP_BANKS, availability="none") > 0,
    example=(Given(series=q.select(ecc.REMAP_BANKS, availability="none"), bad=1, short=0),),
    meaning="A bank of the GPU's memory has no spare rows left: its next bad row cannot be replaced.",
    value="{{ $value }} banks.",
    action=_REPLACE,
    at_once=_STAYS,
    explained_by=("GpuRowRemapFailed",),
)
RETIRED_PAGES_BEYOND_LIMIT = Policy(
    name="GpuRetiredPagesBeyondLimit",
    scope=Scope.GPU,
    severity=Severity.TICKET,
    condition=q.total(q.select(ecc.RETIRED_PAGES), "uuid", "instance") >= RETIRED_PAGES,
    example=(
        Given(
            series=q.select(ecc.RETIRED_PAGES, type="corrected"),
            bad=RETIRED_PAGES,
            short=RETIRED_PAGES - 1,
        ),
    ),
    meaning="As many pages of the GPU's memory are retired as a GPU may have: it must be replaced.",
    value="{{ $value }} pages.",
    action=_REPLACE,
    at_once=_STAYS,
)

POLICIES = (
    UNCORRECTED,
    SRAM_THRESHOLD,
    CORRECTED,
    REMAP_PENDING,
    REMAP_FAILED,
    BANKS_EXHAUSTED,
    RETIRED_PAGES_BEYOND_LIMIT,
)
