"""A node whose GPUs are told what to be: the watch with clocks of its own, what it counts, and what it tells."""

from collections import defaultdict

from catalog.event import Event, EventKind
from catalog.metric import Metric
from catalog.snapshot import Identity, Layout, Reading, Series, Tier
from exporter.health.kept import Kept, read, write
from exporter.health.watch import Watch, Wiring
from exporter.hub import Hub

START = 1_795_518_000.0


def uuid(index: int) -> str:
    return f"GPU-{index}"


class Ward:
    """Some GPUs, seen second by second.

    Attributes:
        now: seconds since 1970; the steady clock goes with it.
        spent: the counters.
        events: what was told.
        allocatable: how many GPUs the cluster hands out.
    """

    def __init__(
        self, count: int = 1, kept: Kept | None = None, expected: int = 0, now: float = START
    ) -> None:
        self.now = now
        self.spent: defaultdict[tuple[str, Metric, tuple[str, ...]], float] = defaultdict(float)
        self.events: list[Event] = []
        self.allocatable = 0
        self.shown: list[str] = []
        self.hub = Hub((self._hear,))
        wiring = Wiring(
            spend=self._spend,
            publish=lambda uuid, _: self.shown.append(uuid),
            happened=self.events.append,
            wall=lambda: self.now,
            steady=lambda: self.now,
            node="node-7",
            allocatable=lambda: self.allocatable,
        )
        self.watch = Watch(self.hub, wiring, kept, boot="one", expected=expected)
        self.watch.remember()
        for index in range(count):
            self.find(index)

    def find(self, index: int) -> None:
        """A GPU tells who it is."""
        bus = f"0000:{index:02X}:00.0"
        self.hub.found(
            Identity(uuid=uuid(index), index=index, model="H100", pci_bus_id=bus, node="node-7")
        )
        self.watch.found(uuid(index))

    def say(self, tier: Tier, *rows: tuple[Series, float], index: int = 0) -> None:
        """A GPU is read."""
        layout = Layout(tuple(series for series, _ in rows))
        values = tuple(value for _, value in rows)
        self.hub.reading(uuid(index), tier, Reading(at=self.now, layout=layout, values=values))

    def answer(self, state: str, reason: str = "", index: int = 0) -> None:
        """The reader child's verdict."""
        self.watch.answers(uuid(index), state, reason)

    def wait(self, seconds: float, step: float = 1.0) -> None:
        """Time passes."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(self.now + step, until)
            self.watch.tick()
            for view in tuple(self.hub.latest.gpus.values()):
                if view.readable:
                    self.watch.settle(view.identity.uuid)

    def restart(self, after: float, count: int = 0) -> "Ward":
        """Another process, which goes on from what this one kept."""
        kept = read(write(self.watch.keep()))
        return Ward(count, kept, now=self.now + after)

    def state(self, index: int = 0) -> tuple[str, str]:
        view = self.hub.latest.gpus[uuid(index)]
        return view.state, view.reason

    def seconds(self, metric: Metric, index: int = 0) -> float:
        return self.spent[uuid(index), metric, ()]

    def told(self) -> list[tuple[EventKind, str]]:
        """The events since this was last asked."""
        found = [(event.kind, event.message) for event in self.events]
        self.events.clear()
        return found

    def _hear(self, of: str, tier: Tier, reading: Reading) -> None:
        self.watch.reading(of, tier, reading)

    def _spend(self, of: str, metric: Metric, labels: tuple[str, ...], amount: float) -> None:
        assert amount >= 0
        self.spent[of, metric, labels] += amount
