"""What an Xid means and what to do about it: `table.csv`, row by row.

Which codes there are, and on which GPUs, is from NVIDIA's catalogue of 2025-09-30. Actions and reasons are ours: they start
from the catalogue's immediate action and leave it where its own notes, the reach of the fault or what other tools do speak
against it; the reason says so. What the text of a record adds is read by `catalog.xid.record`; what the GPU itself asks for outranks both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from catalog import csvfile
from catalog.xid.actions import Action

CATALOGUE = "https://docs.nvidia.com/deploy/xid-errors/"

_FILE = "table.csv"
_COLUMNS = (
    "code",
    "mnemonic",
    "gpus",
    "concerns",
    "action",
    "decided_with",
    "comes_with",
    "description",
    "reason",
)


class Concern(StrEnum):
    """Where the cause most probably lies."""

    APPLICATION = "application"
    DRIVER = "driver"
    HARDWARE = "hardware"
    NVLINK = "nvlink"
    NODE = "node"
    TEST = "test"
    NOBODY = "nobody"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Xid:
    """One code.

    Attributes:
        mnemonic: the name in the driver's sources.
        gpus: the products that NVIDIA's catalogue names for it, each for its generation.
        decided_with: reported for the same GPU at the same time, one of these carries the action, and this code asks for nothing.
        comes_with: other codes that are often reported at the same time.
        reason: why this action, in one sentence.
    """

    code: int
    mnemonic: str
    gpus: tuple[str, ...]
    concerns: Concern
    action: Action
    decided_with: tuple[int, ...]
    comes_with: tuple[int, ...]
    description: str
    reason: str

    @property
    def catalogued(self) -> bool:
        return self.concerns is not Concern.UNKNOWN

    @property
    def used(self) -> bool:
        """Whether a driver of today reports it."""
        return self.concerns not in (Concern.NOBODY, Concern.UNKNOWN)


def explain(code: int) -> Xid:
    """What *code* means. One that nobody catalogued is an event too: somebody has to judge it."""
    return catalogued().get(code) or _unknown(code)


@cache
def catalogued() -> Mapping[int, Xid]:
    """Every code of NVIDIA's catalogue, the unused ones included."""
    return csvfile.unique(
        _FILE, csvfile.load(__package__, _FILE, _COLUMNS, _row), lambda xid: xid.code
    )


@cache
def paging() -> frozenset[int]:
    """The codes that wake somebody unless their record says otherwise."""
    return frozenset(code for code, xid in catalogued().items() if xid.action.pages)


@cache
def ticketing() -> frozenset[int]:
    """The codes that somebody is told of in working hours."""
    return frozenset(code for code, xid in catalogued().items() if xid.action.tickets)


def _unknown(code: int) -> Xid:
    return Xid(
        code=code,
        mnemonic="",
        gpus=(),
        concerns=Concern.UNKNOWN,
        action=Action.CONTACT_SUPPORT,
        decided_with=(),
        comes_with=(),
        description="Not catalogued",
        reason="NVIDIA's catalogue does not list it, so somebody has to judge it.",
    )


def _row(cells: Mapping[str, str]) -> Xid:
    if not cells["reason"].endswith("."):
        raise ValueError(f"the reason is no sentence: {cells['reason']!r}")
    return Xid(
        code=int(cells["code"]),
        mnemonic=cells["mnemonic"],
        gpus=tuple(cells["gpus"].split()),
        concerns=Concern(cells["concerns"]),
        action=Action(cells["action"]),
        decided_with=tuple(_codes(cells["decided_with"])),
        comes_with=tuple(_codes(cells["comes_with"])),
        description=cells["description"],
        reason=cells["reason"],
    )


def _codes(text: str) -> Iterator[int]:
    """The codes of a list such as `45 144-146`."""
    for part in text.split():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)
