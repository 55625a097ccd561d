"""What the text of a record adds to its code: Xid 45, 144 to 150 and 154 are decided by it, all others by the table."""

import re
from collections.abc import Callable

from catalog.xid import nvlink5
from catalog.xid.actions import Action
from catalog.xid.lookup import explain

RECOVERY = (
    Action.NONE,
    Action.RESET_GPU,
    Action.REBOOT_NODE,
    Action.RESTART_APP,  # drain peer traffic: who uses it has to stop
    Action.RESET_GPU,  # after a drain
    Action.CONTACT_SUPPORT,  # the NVLink domain of several nodes has to be set up again
    Action.RESET_GPU,  # over the bus
    Action.REBOOT_NODE,  # the whole system
)
"""What a GPU asks for, by the values of nvmlDeviceGpuRecoveryAction_t; drivers word them differently."""

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
        return frozenset((own, *RECOVERY))
    if code not in nvlink5.CODES:
        return frozenset((own, Action.NONE) if code == 45 else (own,))
    rows = (row.action for row in nvlink5.sub_codes() if row.code == code)
    return frozenset((own, *_UNLISTED.values(), *rows))


def _cleanup(_code: int, text: str) -> Action | None:
    """Newer drivers name the Xid that an application was torn down for: that one carries the action."""
    return Action.NONE if _CONSEQUENCE.search(text) else None


def _recovery(_code: int, text: str) -> Action | None:
    change = _CHANGE.search(text)
    value = int(change[1], 16) if change else len(RECOVERY)
    return RECOVERY[value] if value < len(RECOVERY) else None


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
