"""What the text of a record adds to its code: Xid 45, 144 to 150 and 154 are decided by it, all others by the table.

What the operator wants instead is in `catalog.xid.overrides`.
"""

import re
from collections.abc import Callable, Sequence

from catalog.metrics import ecc
from catalog.xid import nvlink5
from catalog.xid.actions import Action
from catalog.xid.lookup import explain

RECOVERY = {
    "none": Action.NONE,
    "gpu_reset": Action.RESET_GPU,
    "node_reboot": Action.REBOOT_NODE,
    "drain_p2p": Action.RESTART_APP,  # peer traffic: who uses it has to stop
    "drain_and_reset": Action.RESET_GPU,
    "recover_imex_domain": Action.CONTACT_SUPPORT,  # several nodes' NVLink domain has to be set up again
    "bus_reset": Action.RESET_GPU,
    "system_reboot": Action.REBOOT_NODE,
}
"""What a GPU asks for, by the recovery actions that the catalogue names; drivers word them differently."""

# The gaps are bounded, so that no line, however long, takes more than linear time.
_CHANGE = re.compile(r"changed from 0x[0-9a-fA-F]+ \([^)]{0,60}\) to 0x([0-9a-fA-F]{1,8}) \(")
_CONSEQUENCE = re.compile(r"caused by previous Xid \d")
_NUMBERS = re.compile(
    r"\b(Fatal|Nonfatal)\b[^(]{0,60}\((0x[0-9a-fA-F]{1,8})[ ,]+(0x[0-9a-fA-F]{1,8})\b"
)
# The driver's own word, where NVIDIA lists no sub-code.
_UNLISTED = {"Fatal": Action.RESET_GPU, "Nonfatal": Action.NONE}


def action(code: int, text: str) -> Action:
    """What the record of *code* with this *text* asks for."""
    read = _READERS.get(code)
    answer = read(code, text) if read else None
    return explain(code).action if answer is None else answer


def possible(code: int) -> frozenset[Action]:
    """Every action that a record of *code* may ask for."""
    own = explain(code).action
    if code == 154:
        return frozenset((own, *RECOVERY.values()))
    if code not in nvlink5.CODES:
        return frozenset((own, Action.NONE) if code == 45 else (own,))
    rows = (row.action for row in nvlink5.sub_codes() if row.code == code)
    return frozenset((own, *_UNLISTED.values(), *rows))


def _cleanup(_code: int, text: str) -> Action | None:
    """Newer drivers name the Xid that an application was torn down for: that one carries the action."""
    return Action.NONE if _CONSEQUENCE.search(text) else None


def recovery(code: int, text: str) -> str:
    """Of Xid 154 the recovery action that the GPU changed to, by its name in the catalogue; else empty."""
    change = _CHANGE.search(text) if code == 154 else None
    value = int(change[1], 16) if change else len(ecc.ACTIONS)
    return ecc.ACTIONS[value] if value < len(ecc.ACTIONS) else ""


def sub_code(code: int, text: str, numbers: Sequence[int]) -> str:
    """What refines the code: by name where a name is known, else the record's *numbers*."""
    if told := recovery(code, text):
        return told
    row = nvlink5.decode(code, *numbers[:2]) if len(numbers) > 1 else None
    return f"{row.unit} {row.reach}" if row else " ".join(f"0x{number:x}" for number in numbers)


def _recovery(code: int, text: str) -> Action | None:
    return RECOVERY.get(recovery(code, text))


def _link(code: int, text: str) -> Action | None:
    """By its numbers; if NVIDIA does not list them, by the driver's own word."""
    found = _NUMBERS.search(text)
    if not found:
        return None
    row = nvlink5.decode(code, int(found[2], 16), int(found[3], 16))
    return row.action if row else _UNLISTED[found[1]]


_READERS: dict[int, Callable[[int, str], Action | None]] = {
    45: _cleanup,
    154: _recovery,
    **dict.fromkeys(nvlink5.CODES, _link),
}
