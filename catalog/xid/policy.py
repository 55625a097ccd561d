"""What an Xid asks for: the operator's word where there is one, else the record and the table. Each code has one answer.

What the GPU itself asks for outranks both in the advice that an event gives; its counter stays under the policy's action, so
that the labels of a series do not follow the state of a GPU.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from catalog.typed import Mismatch, check_word
from catalog.xid import record
from catalog.xid.actions import Action

_CODE = re.compile(r"[1-9][0-9]{0,3}\Z")

Override = tuple[int, Action]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The answers of one node.

    Attributes:
        overrides: the operator's, by code.
    """

    overrides: Mapping[int, Action] = field(default_factory=lambda: MappingProxyType({}))

    def action(self, code: int, text: str = "") -> Action:
        """What a record of *code* with this *text* asks for."""
        override = self.overrides.get(code)
        return record.action(code, text) if override is None else override

    def possible(self, code: int) -> frozenset[Action]:
        """Every action that a record of *code* may ask for."""
        override = self.overrides.get(code)
        return record.possible(code) if override is None else frozenset((override,))

    def advice(self, code: int, text: str, asked: Action) -> Action:
        """What to do about this record on a GPU that has *asked* for something itself; that it asks for nothing proves nothing."""
        told = record.recovery(code, text)
        if told:
            return record.RECOVERY[told]
        return self.action(code, text) if asked is Action.NONE else asked


def overrides(written: object) -> tuple[Override, ...]:
    """The overrides that an operator wrote, as a mapping or as `48=none,999=reboot_node`, in the order of their codes.

    Raises:
        Mismatch: they are none; the message says which and what to write.
    """
    found: dict[int, Action] = {}
    for code, action in _pairs(written):
        if not _CODE.match(code):
            raise Mismatch(f"{code!r} is no Xid; write its number, such as 48, before the action")
        check_word(action, [each.value for each in Action], f"action for Xid {code}:")
        if int(code) in found:
            raise Mismatch(f"Xid {code} is given twice")
        found[int(code)] = Action(str(action))
    return tuple(sorted(found.items()))


def _pairs(written: object) -> Iterable[tuple[str, object]]:
    if isinstance(written, Mapping):
        return [(str(code), action) for code, action in written.items()]
    parts = written.split(",") if isinstance(written, str) else written
    if not isinstance(parts, (list, tuple)):
        raise Mismatch(f"write actions by code, such as 48: none, not {written!r}")
    return [_pair(part) for part in parts if part != ""]


def _pair(part: object) -> tuple[str, object]:
    if isinstance(part, str) and "=" in part:
        code, _, action = part.partition("=")
        return code.strip(), action.strip()
    raise Mismatch(f"{part!r} names no code and action; write them as 48=none")
