"""What must outlive the process: which GPUs there were, what was wrong with them, since when they are not available."""

import msgspec

from catalog.errors import CatalogError
from catalog.finding import Finding, State
from catalog.snapshot import Identity


class KeptGpu(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One GPU.

    Attributes:
        info: the labels of its `gpu_info`, as it last told them.
        seen: when the driver last had it, seconds since 1970.
        told: state and reason of the last event.
        fault: what it has not recovered from.
        left: when it stopped being available.
        mig: its MIG instances, as `exporter.health.mig` writes them.
    """

    identity: Identity
    info: tuple[str, ...] = ()
    seen: float = 0.0
    told: tuple[State, str] | None = None
    fault: State | None = None
    left: float | None = None
    findings: tuple[Finding, ...] = ()
    mig: str | None = None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The node.

    Attributes:
        boot: which boot of the machine it was: another has reset every GPU.
        at: when this was written, seconds since 1970.
        most: how many GPUs there were at once, by hour since 1970.
    """

    boot: str = ""
    at: float = 0.0
    gpus: dict[str, KeptGpu] = {}
    most: dict[int, int] = {}


def read(text: str | None) -> Kept | None:
    """What *text* says; what cannot be read is as good as nothing."""
    try:
        return None if text is None else msgspec.json.decode(text, type=Kept)
    except (msgspec.MsgspecError, CatalogError):
        return None


def write(kept: Kept) -> str:
    """*kept* as `read` takes it."""
    return msgspec.json.encode(kept).decode()
