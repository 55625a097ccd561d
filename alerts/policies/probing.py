"""What the active probes found, and whether they still look."""

from alerts.example import Given, flag, steady
from alerts.policy import Policy, Scope, Severity
from catalog.limits import CLASS_A_VERDICT_SECONDS, CLASS_B_VERDICT_SECONDS, ELIGIBLE_SECONDS
from catalog.metrics import probes
from catalog.probe import ProbeClass
from catalog.promql import functions as q
from catalog.promql.expr import Expr, Select
from probes.active.task import TASKS

_INTEGRITY = "=~" + "|".join(
    task.name for task in TASKS if "integrity" in task.name or "sweep" in task.name
)
_OTHERS = _INTEGRITY.replace("=~", "!~")


def _latest(which: ProbeClass) -> Select:
    names = "|".join(task.name for task in TASKS if task.probe_class is which)
    return q.select(probes.LAST_VERDICT, probe=f"=~{names}")


def _old() -> Expr:
    small = (q.now() - _latest(ProbeClass.A)) > CLASS_A_VERDICT_SECONDS
    idle = q.increase(q.select(probes.ELIGIBLE), "1d") >= ELIGIBLE_SECONDS
    large = (q.now() - _latest(ProbeClass.B)) > CLASS_B_VERDICT_SECONDS
    return small.or_(large.and_on(idle, "uuid"))


INTEGRITY = Policy(
    name="GpuIntegrityMismatch",
    scope=Scope.GPU,
    severity=Severity.PAGE,
    condition=q.select(probes.VERDICT, probe=_INTEGRITY, verdict="failed").equals(1),
    labels=("probe",),
    example=flag(q.select(probes.VERDICT, probe="compute-integrity", verdict="failed")),
    others=(flag(q.select(probes.VERDICT, probe="memory-sweep", verdict="failed")),),
    meaning="The GPU gave a wrong answer to {{ $labels.probe }}: what was computed on it cannot be trusted.",
    action="Drain the GPU now, tell who used it, and run `gpuvitals probe run {{ $labels.probe }}` again.",
    at_once="one wrong answer is one too many",
    explained_by=("GpuEccUncorrected",),
    direct=True,
)
FAILED = Policy(
    name="GpuProbeFailed",
    scope=Scope.GPU,
    severity=Severity.TICKET,
    condition=q.select(probes.VERDICT, probe=_OTHERS, verdict="failed").equals(1),
    labels=("probe",),
    example=flag(q.select(probes.VERDICT, probe="host-link", verdict="failed")),
    meaning="The probe {{ $labels.probe }} of the GPU failed.",
    action="Run `gpuvitals probe run {{ $labels.probe }}` and look for Xids.",
    at_once="a verdict is of several measurements already",
    explained_by=("GpuEccUncorrected", "GpuIntegrityMismatch"),
)
DEGRADED = Policy(
    name="GpuProbeDegraded",
    scope=Scope.GPU,
    severity=Severity.TICKET,
    condition=q.select(probes.VERDICT, verdict="degraded").equals(1),
    labels=("probe",),
    example=flag(q.select(probes.VERDICT, probe="memory-bandwidth", verdict="degraded")),
    meaning="The GPU is slower than it was, or than its neighbours, by the probe {{ $labels.probe }}.",
    action="See what else changed on the GPU's page: temperature, clocks, link, errors.",
    at_once="a verdict is of several measurements already",
    explained_by=("GpuPcieLinkBelowMaximum", "GpuThermalSlowdown", "GpuPowerBrake"),
)
OLD = Policy(
    name="GpuProbeVerdictOld",
    scope=Scope.GPU,
    severity=Severity.TICKET,
    condition=_old(),
    labels=("probe",),
    example=(
        Given(
            series=q.select(probes.LAST_VERDICT, probe="kernel-latency"),
            bad=CLASS_A_VERDICT_SECONDS + 60,
            short=CLASS_A_VERDICT_SECONDS - 60,
            good=60,
        ),
    ),
    others=(
        (
            Given(
                series=q.select(probes.LAST_VERDICT, probe="memory-bandwidth"),
                bad=CLASS_B_VERDICT_SECONDS + 60,
                short=CLASS_B_VERDICT_SECONDS - 60,
                good=60,
            ),
            steady(q.select(probes.ELIGIBLE), 60),
        ),
        (
            Given(
                series=q.select(probes.LAST_VERDICT, probe="host-link"),
                bad=CLASS_B_VERDICT_SECONDS + 60,
                short=CLASS_B_VERDICT_SECONDS + 60,
                good=60,
            ),
            Given(series=q.select(probes.ELIGIBLE), bad=60, short=1, good=1, kept=True),
        ),
    ),
    meaning="Nobody knows how the GPU does by the probe {{ $labels.probe }}: its verdict is too old.",
    value="It is {{ $value }} seconds old.",
    action="See on the GPU's page by which reason the probe is skipped.",
    lasting="10m",
)

POLICIES = (INTEGRITY, FAILED, DEGRADED, OLD)
