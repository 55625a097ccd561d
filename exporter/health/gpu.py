"""One GPU's health: what is judged, found, told and counted of it, joined."""

from collections.abc import Iterator

from catalog.event import Event, EventKind, Severity
from catalog.finding import Finding
from catalog.snapshot import Identity, Reading, Tier
from exporter.health import causes, mig
from exporter.health.account import Account, Spend
from exporter.health.judge import Judge
from exporter.health.kept import KeptGpu
from exporter.health.machine import Machine
from exporter.health.teller import Teller

SETTLED = 10.0
"""Seconds after an Xid from which a recovery action of none says that the GPU needs nothing."""


class GpuHealth:
    """One GPU.

    Attributes:
        heard_at: when something was last told of it, seconds since 1970.
    """

    def __init__(self, spend: Spend, steady: float, kept: KeptGpu | None = None) -> None:
        kept = kept or KeptGpu(identity=Identity(uuid="", index=0, model="", pci_bus_id=""))
        self.machine = Machine()
        self.account = Account(spend, steady, kept.left)
        self._judge = Judge()
        self._teller = Teller()
        self._xid_at = 0.0
        self._resets = 0
        self._mig = kept.mig
        self.machine.fault = kept.fault
        for finding in kept.findings:
            self.machine.restore(finding)
            self._xid_at = max(self._xid_at, finding.since)
        self._teller.restore(kept.told, kept.findings)

    def read(self, tier: Tier, reading: Reading) -> None:
        """Judge *reading*."""
        for cause, text in self._judge.judge(tier, reading):
            self.machine.judged(cause, text, reading.at)
        if tier is not Tier.SLOW:
            return
        settled = self._judge.asks_for == "none" and reading.at - self._xid_at > SETTLED
        if settled or self._judge.resets != self._resets:
            self._resets = self._judge.resets
            self.forgive()

    def xid(self, action: str, text: str, at: float) -> None:
        """An Xid that asks for *action* was reported."""
        cause = causes.XIDS.get(action)
        if cause:
            self._xid_at = at
            self.machine.find(
                Finding(cause=cause.name, state=cause.state, since=at, text=text or cause.text)
            )

    def forgive(self) -> None:
        """What Xids asked for was done, or need not be done."""
        for cause in causes.XIDS.values():
            self.machine.clear(cause.name)

    def settle(
        self, identity: Identity, at: float, steady: float, *, expected: bool
    ) -> Iterator[Event]:
        """Bring the state up to now, count the time until now in the state that held, and tell what has changed."""
        before = self.machine.now
        self.machine.settle(at)
        now = self.machine.now
        self.account.advance(before.state, steady, expected=expected)
        if now.state is not before.state:
            self.account.changed(now.state, at)
        name = f"GPU {identity.index}"
        yield from self._teller.events(name, identity.uuid, now, self.machine.findings(), at)

    def recut(self, identity: Identity, reading: Reading) -> Iterator[Event]:
        """The event of MIG instances that changed; *reading* is of the slow tier."""
        found = mig.fingerprint(reading)
        if found is None:
            return
        before, self._mig = self._mig, found
        if before is not None and found != before:
            yield Event(
                at=reading.at,
                kind=EventKind.MIG_RECONFIGURED,
                severity=Severity.INFO,
                message=f"GPU {identity.index}: {mig.sentence(found)}",
                uuid=identity.uuid,
            )

    def keep(self, identity: Identity, info: tuple[str, ...], seen: float) -> KeptGpu:
        """What must outlive the process."""
        return KeptGpu(
            identity=identity,
            info=info,
            seen=seen,
            told=self._teller.told,
            fault=self.machine.fault,
            left=self.account.left,
            findings=self.machine.findings(),
            mig=self._mig,
        )
