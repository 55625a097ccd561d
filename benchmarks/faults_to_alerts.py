"""Which alert each fault of the simulator raises, and how soon. `python -m benchmarks.faults_to_alerts`.

Each fault has a GPU of its own, and a node where it takes away all GPUs of one. Rules keep the time for which they must hold.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from alerts.policies import BY_NAME
from alerts.policy import Severity
from benchmarks.alert_path import arrivals, inject, people, until, uuids, watched
from benchmarks.exporter import Exporter, serving
from benchmarks.results import Figure, Section, publish
from catalog.errors import CatalogError
from catalog.snapshot import Tier
from probes.sim.faults import KINDS
from probes.worker import PERIODS

_EVERY = 5
_PATIENCE = 1200.0
_NEWS = 600.0
"""Seconds for which an Xid is news, and silences what it explains; what lasts is told of then."""
_LONG = 1500
"""Seconds for which a fault lasts that has to be there for a while."""
_AT_ONCE = {"group_wait: 5m": "group_wait: 0s", "group_interval: 1h": "group_interval: 5s"}
"""Tickets are gathered for minutes; here each is told of at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One fault.

    Attributes:
        alert: which tells of it; empty if none does, *reason* then says why.
        also: pages that tell more of the same a little later, or less a little earlier.
        work: of its GPU.
        alone: whether its node has no other fault.
        early: whether it is there before Prometheus first looks.
    """

    fault: Mapping[str, object]
    alert: str = ""
    reason: str = ""
    also: tuple[str, ...] = ()
    work: str = "training"
    alone: bool = False
    early: bool = False

    @property
    def title(self) -> str:
        """The fault as it is injected."""
        rest = {key: value for key, value in self.fault.items() if key not in ("kind", "seconds")}
        words = ", ".join(f"{key} {value}" for key, value in rest.items())
        return f"{self.fault['kind']}{f' ({words})' if words else ''}"


_PROBED = ("GpuIntegrityMismatch",)
"""A probe that meets such an error may be first to say so, since it runs so often here."""


def _xid(code: int, alert: str) -> Case:
    return Case(fault={"kind": "xid", "code": code}, alert=alert)


def _long(kind: str, alert: str, **more: object) -> Case:
    return Case(fault={"kind": kind, **more, "seconds": _LONG}, alert=alert)


CASES = (
    _xid(31, "GpuXidRestartApp"),
    _xid(54, "GpuXidContactSupport"),
    _xid(109, "GpuXidResetGpu"),
    _xid(48, "GpuXidResetGpu"),
    _xid(64, "GpuXidResetGpu"),
    _xid(110, "GpuXidRebootNode"),
    _xid(79, "GpuXidRebootNode"),
    Case(
        fault={"kind": "ecc_storm", "type": "uncorrected", "location": "dram", "seconds": _LONG},
        alert="GpuEccUncorrected",
        also=_PROBED,
    ),
    Case(
        fault={"kind": "ecc_storm", "type": "uncorrected", "location": "sram", "seconds": _LONG},
        alert="GpuSramThresholdExceeded",
        also=("GpuEccUncorrected", *_PROBED),
    ),
    _long("ecc_storm", "GpuEccCorrectedRate", type="corrected", location="sram", rate=1000),
    Case(fault={"kind": "row_remap_pending"}, alert="GpuRecoveryActionRequired"),
    _long("thermal_throttle", "GpuThermalSlowdown"),
    _long("power_throttle", "GpuPowerBrake", watts=200),
    _long("clock_stuck", "GpuClockLowUnderLoad"),
    Case(
        fault={"kind": "bandwidth_loss", "seconds": _LONG},
        alert="GpuProbeDegraded",
        work="idle",
    ),
    Case(
        fault={"kind": "pcie_downtrain", "seconds": _LONG},
        alert="GpuPcieLinkBelowMaximum",
        early=True,
    ),
    _long("nvlink_errors", "GpuNvlinkErrors", error="replay"),
    _long("nvlink_errors", "GpuNvlinkErrors", error="crc", rate=200),
    Case(fault={"kind": "gpu_lost"}, alert="GpuLost"),
    _long("hang", "GpuHung"),
    Case(
        fault={"kind": "hang", "blocks_all": True, "seconds": _LONG}, alert="GpuHung", alone=True
    ),
    Case(fault={"kind": "blanks", "seconds": _LONG}, alert="GpuCountBelowExpected", alone=True),
    Case(
        fault={"kind": "mig_reconfigure"},
        reason="no alert: somebody does it on purpose; it is an event",
    ),
    Case(
        fault={"kind": "probe_failure", "probe": "memory-integrity", "seconds": _LONG},
        alert="GpuIntegrityMismatch",
        work="idle",
    ),
    Case(
        fault={"kind": "probe_failure", "probe": "host-link", "seconds": _LONG},
        alert="GpuProbeFailed",
        work="idle",
    ),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case happens, and when it began."""

    case: Case
    exporter: Exporter
    gpu: int
    uuid: str
    node: str
    began: float

    def seconds(self, told: Mapping[tuple[str, str], float]) -> float | None:
        """Until its alert was told of; None if it was not."""
        at = told.get((self.case.alert, self.uuid)) or told.get((self.case.alert, self.node))
        return None if at is None else at - self.began


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    if missing := KINDS.keys() - {case.fault["kind"] for case in CASES}:
        raise CatalogError(f"no case has the faults {', '.join(sorted(missing))}")
    with ExitStack() as stack:
        enter = stack.enter_context
        folder = Path(enter(tempfile.TemporaryDirectory(prefix="gpuvitals-faults-")))
        told, server = enter(people(folder, _AT_ONCE))
        nodes = [
            (cases, enter(_node(folder, f"n{place}", cases, server.url)))
            for place, cases in enumerate(_nodes())
        ]
        early = list(_begin(nodes, early=True))
        time.sleep(PERIODS[Tier.SLOW])  # The link is read once a minute.
        enter(watched(folder, _EVERY, [exporter for _, exporter in nodes], server))
        time.sleep(4 * _EVERY)  # What counts must have been seen at its beginning.
        places = [*early, *_begin(nodes, early=False)]
        expected = [place for place in places if place.case.alert]
        until(
            lambda: all(place.seconds(arrivals(told)) is not None for place in expected),
            _PATIENCE,
            "every alert",
        )
        found, pages = arrivals(told), arrivals(told, "/page")
    publish(_section(places, found, pages), "benchmarks.faults_to_alerts", arguments)


def _nodes() -> list[tuple[Case, ...]]:
    """The cases of each node."""
    return [
        tuple(case for case in CASES if not case.alone),
        *((case,) for case in CASES if case.alone),
    ]


def _node(
    folder: Path, name: str, cases: Sequence[Case], url: str
) -> AbstractContextManager[Exporter]:
    """An exporter with a GPU for each case, and two more."""
    work = [*(case.work for case in cases), "training", "training"]
    file = folder / f"{name}.yaml"
    file.write_text(
        json.dumps({"node": name, "gpus": [{"model": "H100", "workload": one} for one in work]}),
        encoding="utf-8",
    )
    return serving(
        *("--source", f"sim:{file}", "--node", name, "--allow-fault-injection"),
        *("--alertmanager-urls", url, "--probe-speed", "60"),
    )


def _begin(nodes: Sequence[tuple[Sequence[Case], Exporter]], *, early: bool) -> Iterator[Place]:
    for number, (cases, exporter) in enumerate(nodes):
        names = uuids(exporter)
        for gpu, case in enumerate(cases):
            if case.early is early:
                began = time.monotonic()
                inject(exporter, {"gpu": gpu, **case.fault})
                yield Place(case, exporter, gpu, names[gpu], f"n{number}", began)


def _section(
    places: Sequence[Place],
    found: Mapping[tuple[str, str], float],
    pages: Mapping[tuple[str, str], float],
) -> Section:
    figures = [_figure(place, found) for place in places]
    strange = sorted(_strange(places, pages))
    value = ", ".join([str(len(strange)), *strange])
    figures.append(Figure(name="pages of another kind", value=value, target="0", met=not strange))
    note = (
        f"From the request that injects the fault to the webhook's call; all at once, each on a GPU of its own, {len(_nodes())} nodes. Prometheus "
        f"scrapes and evaluates every {_EVERY} s, rules hold for as long as they do in production; tickets, which wait 5 minutes for others, are told "
        "of at once here. Probes run 60 times as often. A link that trains down is there from Prometheus' first scrape on: its rule looks at the best of "
        "ten minutes. Rates over minutes need as many of history, which Prometheus only begins to have. Ten minutes after an Xid what it explained is told of "
        "if it still is so; earlier pages of another kind are counted."
    )
    return Section(title="faults_to_alerts", note=note, figures=figures)


def _figure(place: Place, found: Mapping[tuple[str, str], float]) -> Figure:
    case = place.case
    if not case.alert:
        return Figure(name=case.title, value=case.reason)
    seconds = place.seconds(found)
    severity = BY_NAME[case.alert].severity
    return Figure(name=case.title, value=f"{severity} {case.alert} after {seconds:.1f} s")


def _strange(places: Sequence[Place], pages: Mapping[tuple[str, str], float]) -> Iterator[str]:
    """Pages that no case expects."""
    expected = {
        (name, about)
        for place in places
        for name in (place.case.alert, *place.case.also)
        for about in (place.uuid, place.node)
    }
    for name, about in pages.keys() - expected:
        here = [place for place in places if about in (place.uuid, place.node)]
        lasts = any(
            place.case.alert in BY_NAME[name].explained_by
            and pages[name, about] - place.began > _NEWS
            for place in here
        )
        if BY_NAME[name].severity is Severity.PAGE and not lasts:
            titles = [place.case.title for place in places if place.uuid == about]
            yield f"{name} of {titles[0] if titles else about}"


if __name__ == "__main__":
    main(sys.argv[1:])
