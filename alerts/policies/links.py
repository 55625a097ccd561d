"""The ways in and out of a GPU: PCIe, NVLink, the fabric."""

from functools import reduce

from alerts.example import Given, flag, steady
from alerts.policy import Policy, Scope, Severity
from catalog.limits import LOADED, NVLINK_CRC_PER_SECOND, PCIE_REPLAYS_PER_MINUTE_AND_LANE
from catalog.metrics import modes, nvlink, pcie, utilization
from catalog.promql import functions as q
from catalog.promql.expr import Expr

_WIDTH = q.select(pcie.WIDTH)
_GENERATION = q.select(pcie.GENERATION)
_SEAT = "Drain the node, reseat the GPU or its riser, and compare slots."
# The width falls with the generation while a GPU rests: what it was at best in ten minutes of work counts.
_BELOW = (q.highest(_WIDTH, "10m") < q.select(pcie.WIDTH_MAX)).or_(
    q.highest(_GENERATION, "10m") < q.select(pcie.GENERATION_MAX)
)


def _replays(generation: int, per_lane: float) -> Expr:
    many = (q.increase(q.select(pcie.REPLAYS), "10m") / 10) > (_WIDTH * per_lane)
    return many.and_(q.select(pcie.GENERATION).equals(generation))


def _replayed(generation: int) -> tuple[Given, ...]:
    """A link of sixteen lanes, of which one GPU's replays somewhat more than it may and another's somewhat less."""
    most = PCIE_REPLAYS_PER_MINUTE_AND_LANE[generation] * 16
    return (
        Given(series=q.select(pcie.REPLAYS), bad=most * 1.3, short=most * 0.8),
        steady(_WIDTH, 16),
        steady(_GENERATION, generation),
    )


def _errors() -> Expr:
    failed = q.increase(q.select(nvlink.ERRORS, kind="=~replay|recovery"), "10m") > 0
    return failed.or_(q.rate(q.select(nvlink.ERRORS, kind="crc"), "10m") > NVLINK_CRC_PER_SECOND)


PCIE_BELOW = Policy(
    name="GpuPcieLinkBelowMaximum",
    scope=Scope.GPU,
    severity=Severity.TICKET,
    condition=_BELOW.and_on(q.mean(q.select(utilization.UTILIZATION), "10m") >= LOADED, "uuid"),
    least=True,
    example=(
        Given(series=_WIDTH, bad=8, short=16, good=16),
        steady(q.select(pcie.WIDTH_MAX), 16),
        steady(_GENERATION, 5),
        steady(q.select(pcie.GENERATION_MAX), 5),
        steady(q.select(utilization.UTILIZATION), 0.9),
    ),
    others=(
        (
            steady(_WIDTH, 16),
            steady(q.select(pcie.WIDTH_MAX), 16),
            Given(series=_GENERATION, bad=3, short=5, good=5),
            steady(q.select(pcie.GENERATION_MAX), 5),
            steady(q.select(utilization.UTILIZATION), 0.9),
        ),
        (
            Given(series=_WIDTH, bad=8, short=8, good=16),
            steady(q.select(pcie.WIDTH_MAX), 16),
            Given(series=q.select(utilization.UTILIZATION), bad=LOADED, short=0.4, good=0.9),
        ),
    ),
    meaning="The GPU's PCIe link runs below what GPU and slot support, while the GPU works.",
    value="It has {{ $value }} lanes, or that generation.",
    action=_SEAT,
    lasting="5m",
)
PCIE_REPLAYS = Policy(
    name="GpuPcieReplays",
    scope=Scope.GPU,
    severity=Severity.TICKET,
    condition=reduce(
        Expr.or_, (_replays(*pair) for pair in PCIE_REPLAYS_PER_MINUTE_AND_LANE.items())
    ),
    example=_replayed(5),
    others=tuple(_replayed(one) for one in PCIE_REPLAYS_PER_MINUTE_AND_LANE if one != 5),
    meaning="The GPU's PCIe link corrupts more packets than the standard's bit error rate allows.",
    value="{{ $value }} are sent again in a minute.",
    action=_SEAT,
    lasting="5m",
)
NVLINK_DOWN = Policy(
    name="GpuNvlinkDown",
    scope=Scope.GPU,
    severity=Severity.PAGE,
    condition=(q.select(nvlink.LINKS, state="inactive") > 0).and_on(
        q.select(nvlink.LINKS, state="active") > 0, "uuid"
    ),
    example=(
        Given(series=q.select(nvlink.LINKS, state="inactive"), bad=2, short=0),
        steady(q.select(nvlink.LINKS, state="active"), 16),
    ),
    others=(
        (
            Given(series=q.select(nvlink.LINKS, state="inactive"), bad=2, short=18),
            Given(series=q.select(nvlink.LINKS, state="active"), bad=16, short=0, good=18),
        ),
    ),
    meaning="Some NVLinks of the GPU are down: jobs over several GPUs fail or crawl.",
    value="{{ $value }} links.",
    action="Look for Xid 74 and SXids, drain the node and reset its GPUs and switches.",
    lasting="2m",
    explained_by=("NvswitchSxidFatal",),
)
NVLINK_ERRORS = Policy(
    name="GpuNvlinkErrors",
    scope=Scope.GPU,
    severity=Severity.TICKET,
    condition=_errors(),
    labels=("kind",),
    example=(Given(series=q.select(nvlink.ERRORS, kind="replay"), bad=1, short=0),),
    others=(
        (Given(series=q.select(nvlink.ERRORS, kind="recovery"), bad=1, short=0),),
        (
            Given(
                series=q.select(nvlink.ERRORS, kind="crc"),
                bad=NVLINK_CRC_PER_SECOND * 70,
                short=NVLINK_CRC_PER_SECOND * 50,
            ),
        ),
    ),
    meaning="NVLinks of the GPU have errors ({{ $labels.kind }}): it is a cable, a connector or the board.",
    value="{{ $value }} in 10 minutes, of crc in a second.",
    action="See which link it is (`nvidia-smi nvlink -e`), drain the node and reseat or replace.",
    lasting="1m",
    explained_by=("GpuNvlinkDown", "NvswitchSxidFatal"),
)
FABRIC = Policy(
    name="GpuFabricNotReady",
    scope=Scope.GPU,
    severity=Severity.PAGE,
    condition=q.select(modes.FABRIC_STATE, state="=~not_started|in_progress").equals(1),
    example=flag(q.select(modes.FABRIC_STATE, state="in_progress")),
    others=(flag(q.select(modes.FABRIC_STATE, state="not_started")),),
    meaning="The GPU has not joined the NVLink fabric: CUDA does not start on it.",
    action="See whether the fabric manager runs on the node, and its log.",
    lasting="5m",
)

POLICIES = (PCIE_BELOW, PCIE_REPLAYS, NVLINK_DOWN, NVLINK_ERRORS, FABRIC)
