"""Where an event happened: the PCI address of its GPU, which people find in racks and in other logs."""

from dataclasses import replace

from catalog.event import Event
from catalog.snapshot import Snapshot


def located(event: Event, snapshot: Snapshot) -> Event:
    """*event* with the address of its GPU, if it is known and the event does not say it."""
    view = snapshot.gpus.get(event.uuid)
    if event.pci_bus_id or view is None:
        return event
    return replace(event, pci_bus_id=view.identity.pci_bus_id)
