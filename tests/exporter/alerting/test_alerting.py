"""When an alert is first sent: at once, unless another one may explain it."""

from collections.abc import Iterable

from alerts.policies.presence import LOST
from alerts.policies.xids import REBOOT_NODE
from catalog.metrics import events, state
from catalog.snapshot import GpuView, Identity, Layout, Reading, Tier
from exporter.alerting.alerting import Alerting
from exporter.alerting.conditions import Alert
from exporter.alerting.settings import Settings
from exporter.hub import Hub
from exporter.prometheus import Instruments
from exporter.standing_clock import StandingClock

NODE = tuple("n1" if label == "node" else "" for label in state.INFO.labels)


class Told:
    """In place of an outbox."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def put(self, alerts: Iterable[Alert], _ends: float) -> None:
        self.names += [dict(alert.labels)["alertname"] for alert in alerts]


def hub() -> Hub:
    """One GPU, which is lost."""
    found = Hub()
    identity = Identity(uuid="GPU-1", index=0, model="", pci_bus_id="")
    found.latest = found.latest.with_gpu(GpuView(identity=identity, state="lost"))
    once = Reading(at=0.0, layout=Layout(((state.INFO, NODE),)), values=(1.0,))
    found.reading("GPU-1", Tier.ONCE, once)
    return found


def test_what_may_be_explained_waits_for_its_explanation() -> None:
    """The Xid is told first, so that Alertmanager knows it when it hears that the GPU is lost."""
    clock, there, told = StandingClock(1000.0), hub(), Told()
    alerting = Alerting(Settings(), there, Instruments(), clock, (LOST, REBOOT_NODE))

    alerting._look([told])  # type: ignore[list-item] # all that it needs of one
    assert told.names == []
    series = (
        (events.XID_ERRORS, ("79", "reboot_node")),
        (events.XID_LAST, ("79", *["reboot_node"] * (len(events.XID_LAST.labels) - 1))),
    )
    xid = Reading(at=1000.1, layout=Layout(series), values=(1.0, 1000.0))
    there.reading("GPU-1", Tier.COUNTED, xid)
    clock.now += 0.2
    alerting._look([told])  # type: ignore[list-item]
    assert told.names == ["GpuXidRebootNode"]
    clock.now += 0.4
    alerting._look([told])  # type: ignore[list-item]

    assert told.names == ["GpuXidRebootNode", "GpuLost"]
