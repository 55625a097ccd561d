"""Where the exporter's Xids come from, as the configuration says, joined to what counts and shows them."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import HistoryError
from catalog.metrics import ecc, exporter
from catalog.metrics.events import XID_ERRORS
from catalog.snapshot import Tier
from catalog.xid import record
from catalog.xid.actions import Action, gravest
from catalog.xid.policy import Policy
from exporter import event_log
from exporter.commit_events import EventCommits
from exporter.config import Config
from exporter.health.watch import Watch
from exporter.hub import NODE
from exporter.kernel_log import Wiring, XidWatch, places
from exporter.prometheus import Instruments
from exporter.xid_totals import XidTotals
from exporter.xids import Counted, Mark
from probes import nvswitch
from probes.kernel_log.reader import KernelLog, Log, NoLog, Problem, boot_id
from probes.kernel_log.told import ToldLog

_COLLECTOR = "kernel_log"
_DEVICE = "/dev/kmsg"


def path(config: Config) -> str:
    """The kernel log to read; a recording or a simulator has none unless one is named, for this machine's is not theirs."""
    if config.kernel_log:
        return config.kernel_log
    return _DEVICE if config.source == "nvml" else ""


def open_log(config: Config, mark: Mark | None, clock: Callable[[], float]) -> Log:
    """The log, from where an earlier process stopped; a simulated machine's is told by its driver."""
    name = path(config)
    if not name:
        return ToldLog() if config.source.startswith("sim") else NoLog()
    cursor = mark.cursor if mark else None
    return KernelLog(Path(name), cursor, boot=boot_id(), wall=clock, steady=time.monotonic)


def switches(config: Config) -> Callable[[], Collection[str]]:
    """What finds this machine's NVSwitches; a recording or a simulator has those that its log tells of."""
    return nvswitch.bound if config.source == "nvml" else frozenset


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Where Xids come from.

    Attributes:
        switches: the NVSwitches that the system knows now.
        clock: seconds since 1970.
        policy: what each Xid asks for.
    """

    log: Log
    switches: Callable[[], Collection[str]]
    clock: Callable[[], float]
    policy: Policy


class XidSource:
    """Counts Xids and SXids and shows what is committed."""

    def __init__(
        self,
        watch: Watch,
        totals: XidTotals,
        commits: EventCommits,
        instruments: Instruments,
        inputs: Inputs,
    ) -> None:
        self._hub = watch.hub
        self._health = watch
        self._inputs = inputs
        self._totals = totals
        self._instruments = instruments
        self._instruments.set(exporter.PERMISSION_DENIED, 0, collector=_COLLECTOR)
        wiring = Wiring(
            steady=time.monotonic,
            places=lambda: places(watch.hub.latest),
            switches=self._welcome_switches,
            asked=self._asked,
            counted=self._counted,
            problem=self._problem,
            lost=self._lost,
            failed=self._failed,
        )
        self.watch = XidWatch(inputs.log, totals, commits, wiring, inputs.policy)

    def welcome(self, uuid: str) -> None:
        """Show the counts of a GPU that was found."""
        self._totals.welcome(uuid, self._hub.latest.gpus[uuid].identity.model)
        self._show(uuid)
        self._welcome_switches(self._inputs.switches())  # their driver is there when the GPUs are

    def overrule(self, policy: Policy) -> None:
        """Judge by another policy from now on."""
        self.watch.overrule(policy)
        for uuid in self._hub.latest.gpus:
            self.welcome(uuid)

    def _asked(self, uuid: str) -> Action:
        view = self._hub.latest.gpus.get(uuid)
        family = view.labelled(ecc.RECOVERY_ACTION) if view else {}
        return gravest(record.RECOVERY[name] for (name,), active in family.items() if active)

    def _welcome_switches(self, switches: Collection[str]) -> None:
        self._totals.welcome_switches(switches)
        self._show(NODE)

    def _counted(self, counted: Sequence[Counted]) -> None:
        for one in counted:
            event_log.log(one.event)
            if one.key and one.key.metric is XID_ERRORS and not one.event.probe:
                self._health.xid(one.key.uuid, one.key.labels[1], one.event.message)
        for uuid in {one.key.uuid for one in counted if one.key}:
            self._show(uuid)

    def _show(self, uuid: str) -> None:
        if uuid == NODE:
            self._show_node()
            return
        view = self._hub.latest.gpus.get(uuid)
        if view:
            self._hub.reading(uuid, Tier.COUNTED, self._totals.reading(uuid, view.last_read))

    def _show_node(self) -> None:
        reading = self._totals.reading(NODE, self._inputs.clock())
        if reading.values:
            self._hub.node(_COLLECTOR, reading)

    def _problem(self, problem: Problem) -> None:
        denied = problem is Problem.DENIED
        self._instruments.set(exporter.PERMISSION_DENIED, denied, collector=_COLLECTOR)

    def _lost(self, records: int) -> None:
        self._instruments.add(exporter.KERNEL_LOG_LOST, records)

    def _failed(self, _error: HistoryError) -> None:
        self._instruments.add(exporter.HISTORY_FAILURES)
