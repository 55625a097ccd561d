"""Joins the health of each GPU to the hub: hears messages, readings and Xids, sets states, counts seconds once a second."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from catalog.event import Event
from catalog.finding import Finding, State
from catalog.metric import Metric
from catalog.metrics.state import INFO as _INFO
from catalog.snapshot import GpuView, Layout, Reading, Tier, unnamed
from exporter.health.causes import LIVENESS
from exporter.health.gpu import GpuHealth
from exporter.health.kept import Kept
from exporter.health.machine import Condition
from exporter.health.roster import DAY, Roster
from exporter.hub import Hub
from probes.worker import PERIODS

_LOOK = 10.0
"""Seconds between two looks at who is there."""
_ABSENT = 10.0
"""Seconds of an absence that are not counted as expected: the last word of a killed exporter is up to so old."""
_WORDS = {State.HUNG: "call_overdue", State.LOST: "gpu_is_lost", State.UNKNOWN: "thread_ended"}
"""The reason if the reader child gives a sentence, which is kept as the text."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the watch is joined to.

    Attributes:
        spend: adds to a counter of a GPU.
        publish: shows the counters of a GPU that no reading shows.
        happened: told of each event.
        wall: seconds since 1970.
        steady: seconds that never jump.
        node: the name of this machine.
        allocatable: how many GPUs of this machine the cluster hands out; 0 if nobody says.
    """

    spend: Callable[[str, Metric, tuple[str, ...], float], None]
    publish: Callable[[str, float], None]
    happened: Callable[[Event], None]
    wall: Clock
    steady: Clock
    node: str = ""
    allocatable: Callable[[], int] = int


class Watch:
    """The health of a node's GPUs.

    Args:
        kept: what an earlier process knew of the same source.
        boot: which boot of the machine this is.
        expected: how many GPUs the operator says there are; 0 if he does not.
    """

    def __init__(
        self, hub: Hub, wiring: Wiring, kept: Kept | None = None, boot: str = "", expected: int = 0
    ) -> None:
        self.hub = hub
        self.wiring = wiring
        self._expected = expected
        self._kept = kept or Kept()
        self._boot = boot
        seen = {uuid: gpu.seen for uuid, gpu in self._kept.gpus.items()}
        self.roster = Roster(expected, seen, self._kept.most)
        self._gpus: dict[str, GpuHealth] = {}
        self._members: frozenset[str] = frozenset()
        self._looked = float("-inf")
        self._enumerated = False
        self._maintained_until = float("-inf")

    def remember(self) -> None:
        """Begin: know the GPUs of an earlier process until the driver has been asked, and count the time between as expected."""
        now = self.wiring.wall()
        fresh = {uuid: gpu for uuid, gpu in self._kept.gpus.items() if now - gpu.seen < DAY}
        for uuid, gpu in fresh.items():
            self.hub.known(gpu.identity)
            if gpu.info:
                self._show_info(uuid, gpu.info, gpu.seen)
            self._gpu(uuid)
            if gpu.told and gpu.told[0] is State.LOST:
                self.answers(uuid, *gpu.told)
        self._members = frozenset(self.roster.members(self.hub.latest))
        absent = now - self._kept.at - _ABSENT
        if self._kept.at and 0 < absent < DAY:
            for uuid in self._members:
                self._gpu(uuid).account.missed(absent)

    # -- what it hears -------------------------------------------------------------------------------------------------

    def found(self, uuid: str) -> None:
        """A GPU told who it is, which one that was hung or lost may do: that one is back when its state says so."""
        view = self.hub.latest.gpus[uuid]
        self._named(uuid, unnamed(view.identity.index))
        gpu = self._gpu(uuid)
        self._maintained_until = float("-inf")
        if gpu.machine.fault is None:
            gpu.machine.answers(Condition(state=State.OK))
        self._look()
        self._settle(uuid, self.wiring.wall())

    def answers(self, uuid: str, state: str, reason: str) -> None:
        """The reader child's verdict, or ours of all GPUs when there is no child."""
        if uuid not in self.hub.latest.gpus:
            return
        gpu, now = self._gpu(uuid), State(state)
        if now is State.OK:
            if self.hub.latest.gpus[uuid].state == "lost":
                gpu.forgive()  # Nothing comes back from the bus without a reset.
            gpu.machine.answers(Condition(state=now))
        else:
            word = reason if reason in LIVENESS else _WORDS[now]
            text = "" if reason == word else reason
            gpu.machine.answers(Condition(state=now, reason=word, text=text))
        self._settle(uuid, self.wiring.wall())

    def drop(self, uuid: str) -> None:
        """A stand-in is known by its own name from now on, or never was a GPU."""
        self._gpus.pop(uuid, None)

    def enumerated(self) -> None:
        """The driver had time to find its GPUs: those of the roster that it did not are lost."""
        self._enumerated = True
        self._look()

    def driver_loaded(self) -> None:
        """The driver was loaded anew, which resets every GPU."""
        for gpu in self._gpus.values():
            gpu.forgive()

    def maintained(self, seconds: float) -> None:
        """Maintenance is declared: no GPU is expected for so long, or until one is read again."""
        self._maintained_until = self.wiring.steady() + seconds
        for uuid in self.hub.latest.gpus:
            self._settle(uuid, self.wiring.wall())

    def reading(self, uuid: str, tier: Tier, reading: Reading) -> None:
        """A reading arrived."""
        gpu = self._gpus.get(uuid)
        if (
            gpu is None or tier not in PERIODS
        ):  # of ours: they have no word on how it is, and their own times
            return
        gpu.read(tier, reading)
        if tier is Tier.SLOW:
            for event in gpu.recut(self.hub.latest.gpus[uuid].identity, reading):
                self.wiring.happened(event)
        if tier is not Tier.ONCE:
            self._settle(uuid, reading.at)

    def xid(self, uuid: str, action: str, text: str) -> None:
        """An Xid that asks for *action* was counted."""
        if uuid in self._gpus:
            at = self.wiring.wall()
            self._gpus[uuid].xid(action, text, at)
            self._settle(uuid, at)

    def find(self, uuid: str, finding: Finding) -> None:
        """Something that no reading shows, such as the verdict of a probe; it holds until `clear`, over restarts too."""
        if uuid in self._gpus:
            self._gpus[uuid].machine.find(finding)
            self._settle(uuid, self.wiring.wall())

    def clear(self, uuid: str, cause: str) -> None:
        """What was found is over."""
        if uuid in self._gpus:
            self._gpus[uuid].machine.clear(cause)
            self._settle(uuid, self.wiring.wall())

    def forget(self) -> None:
        """Know no GPU: another source is read from now on."""
        self._gpus.clear()
        self.roster = Roster(self._expected)
        self._kept, self._enumerated, self._members = Kept(), False, frozenset()

    # -- every second --------------------------------------------------------------------------------------------------

    def settle(self, uuid: str) -> None:
        """Bring one GPU up to now, as each of its readings does."""
        self._settle(uuid, self.wiring.wall())

    def tick(self) -> None:
        """Count the time since the last, let holds end, and show the counters of GPUs that nobody reads."""
        at = self.wiring.wall()
        if self.wiring.steady() - self._looked >= _LOOK:
            self._look()
        for uuid, view in tuple(self.hub.latest.gpus.items()):
            if not view.readable:
                self._settle(uuid, at)
                self.wiring.publish(uuid, at)

    def keep(self) -> Kept:
        """What must outlive the process."""
        at, gpus = self.wiring.wall(), self.hub.latest.gpus
        return Kept(
            boot=self._boot,
            at=at,
            gpus={
                uuid: self._gpus[uuid].keep(view.identity, _info(view), self.roster.seen[uuid])
                for uuid, view in gpus.items()
                if uuid in self._gpus and uuid in self.roster.seen
            },
            most=self.roster.most,
        )

    # -- its own -------------------------------------------------------------------------------------------------------

    def _gpu(self, uuid: str) -> GpuHealth:
        gpu = self._gpus.get(uuid)
        if gpu is None:
            spend = partial(self.wiring.spend, uuid)
            kept = self._kept.gpus.get(uuid)
            gpu = self._gpus[uuid] = GpuHealth(spend, self.wiring.steady(), kept)
            if kept and self._kept.boot != self._boot:
                gpu.forgive()
        return gpu

    def _named(self, uuid: str, before: str) -> None:
        """What is known of a stand-in is known of the GPU that it stood for."""
        stand_in = self._gpus.pop(before, None)
        if stand_in and uuid not in self._gpus:
            kept = stand_in.keep(self.hub.latest.gpus[uuid].identity, (), 0.0)
            spend = partial(self.wiring.spend, uuid)
            self._gpus[uuid] = GpuHealth(spend, self.wiring.steady(), kept)

    def _settle(self, uuid: str, at: float) -> None:
        view = self.hub.latest.gpus[uuid]
        gpu, steady = self._gpu(uuid), self.wiring.steady()
        expected = uuid in self._members and steady >= self._maintained_until
        events = tuple(gpu.settle(view.identity, at, steady, expected=expected))
        now = gpu.machine.now
        self.hub.state(uuid, now.state, now.reason, gpu.machine.findings())
        for event in events:
            self.wiring.happened(event)

    def _look(self) -> None:
        """See who is there, and who should be."""
        self._looked = self.wiring.steady()
        self.roster.look(self.hub.latest, self.wiring.wall(), self.wiring.allocatable())
        members = self.roster.members(self.hub.latest)
        if self._enumerated:
            known = [view.identity.index for view in self.hub.latest.gpus.values()]
            for index in self.roster.never_seen(known, len(members)):
                members = (*members, self._stand_in(index))
        before, self._members = self._members, frozenset(members)
        for uuid in self._members ^ before:
            if uuid in self._gpus and uuid in self.hub.latest.gpus:
                self._settle(uuid, self.wiring.wall())

    def _stand_in(self, index: int) -> str:
        """Let a GPU that was never found be seen as lost, on its node."""
        uuid = self.hub.nameless(index)
        labels = tuple(self.wiring.node if name == "node" else "" for name in _INFO.labels)
        self._show_info(uuid, labels, self.wiring.wall())
        self.answers(uuid, State.LOST, "not_found")
        return uuid

    def _show_info(self, uuid: str, labels: tuple[str, ...], at: float) -> None:
        once = Reading(at=at, layout=Layout(((_INFO, labels),)), values=(1.0,))
        self.hub.reading(uuid, Tier.ONCE, once)


def _info(view: GpuView) -> tuple[str, ...]:
    return next(iter(view.labelled(_INFO)), ())
