"""The newest snapshot that the reader child's messages add up to; nothing is read because someone asks."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from catalog.finding import Finding
from catalog.snapshot import GpuView, Identity, Reading, Snapshot, Tier, unnamed

Listener = Callable[[str, Tier, Reading], None]
"""Told of each reading as it arrives: the UUID (`NODE` if it is about the node), the tier, the reading."""

NODE = ""
"""The UUID of what belongs to the node."""


class Hub:
    """Holds `latest` and tells its listeners of each reading; used from the event loop only."""

    def __init__(self, listeners: tuple[Listener, ...] = ()) -> None:
        self.latest = Snapshot()
        self._listeners = listeners

    def view(self, uuid: str) -> GpuView | None:
        """The newest view of one GPU, None if it is not known."""
        return self.latest.gpus.get(uuid)

    def driver(self, *, up: bool) -> None:
        self.latest = replace(self.latest, version=self.latest.version + 1, driver_up=up)

    def found(self, identity: Identity) -> None:
        """A GPU told who it is, which a lost or hung one may do: it is well when its state says so.

        What held its index before stays: it is lost, or will be found at another one.
        """
        self.drop(unnamed(identity.index))
        known = self.latest.gpus.get(identity.uuid, GpuView(identity=identity))
        view = replace(known, identity=identity)
        if view.state not in ("hung", "lost"):
            view = replace(view, state="ok", reason="")
        self.latest = self.latest.with_gpu(view)

    def known(self, identity: Identity) -> None:
        """An earlier process knew this GPU; nobody has asked the driver yet."""
        self.latest = self.latest.with_gpu(GpuView(identity=identity))

    def nameless(self, index: int) -> str:
        """The stand-in of the GPU at *index*, which is known from now on."""
        identity = Identity(uuid=unnamed(index), index=index, model="", pci_bus_id="")
        if identity.uuid not in self.latest.gpus:
            self.latest = self.latest.with_gpu(GpuView(identity=identity))
        return identity.uuid

    def drop(self, uuid: str) -> None:
        """Know nothing of *uuid* any more."""
        if uuid in self.latest.gpus:
            gpus = {other: view for other, view in self.latest.gpus.items() if other != uuid}
            version = self.latest.version + 1
            self.latest = replace(self.latest, version=version, gpus=MappingProxyType(gpus))

    def forget(self) -> None:
        """Know no GPU, as before the first reading."""
        self.latest = replace(
            self.latest, version=self.latest.version + 1, gpus=MappingProxyType({})
        )

    def state(
        self, uuid: str, state: str, reason: str, findings: tuple[Finding, ...] = ()
    ) -> None:
        view = self.latest.gpus.get(uuid)
        if view and (view.state, view.reason, view.findings) != (state, reason, findings):
            changed = replace(view, state=state, reason=reason, findings=findings)
            self.latest = self.latest.with_gpu(changed)

    def processes(self, uuid: str, pids: tuple[int, ...]) -> None:
        """Which processes have a context on a GPU."""
        view = self.latest.gpus.get(uuid)
        if view:
            self.latest = self.latest.with_gpu(replace(view, pids=pids))

    def reading(self, uuid: str, tier: Tier, reading: Reading) -> None:
        view = self.latest.gpus.get(uuid)
        if view is None:
            return
        self.latest = self.latest.with_gpu(view.with_reading(tier, reading))
        for listener in self._listeners:
            listener(uuid, tier, reading)

    def node(self, giver: str, reading: Reading) -> None:
        """What *giver* counts or says of the node; it takes the place of what it said before."""
        self.latest = self.latest.with_node(giver, reading)
        for listener in self._listeners:
            listener(NODE, Tier.COUNTED, reading)
