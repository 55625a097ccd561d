"""What NVIDIA's drivers say in the kernel log: Xids, SXids of the switches, which GPU or switch sits at which address.

The shapes are those of the drivers' own sources (open-gpu-kernel-modules, `krcReportXid` in kernel_rc.c) and of older logs:
`NVRM: Xid (PCI:dddd:bb:dd[ GPU-I:nn[ GPU-CI:nn]]): CODE, [pid=P, ][name=N, ]TEXT`, before that without `PCI:`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from probes.kernel_log.pci import bus_id

# Nothing here is searched for from more than one place, so that no line, however long, takes more than linear time.
_XID = re.compile(
    r"NVRM: {1,4}Xid {1,4}\((?P<pci>[0-9a-fA-FPCI:.]{5,24})"
    r"(?: GPU-I:(?P<instance>\d{1,5})(?: GPU-CI:(?P<compute>\d{1,5}))?)?[^)]{0,60}\): {0,4}(?P<code>\d{1,9})(?!\d),? ?"
    r"(?:pid='?(?P<pid>\d{1,10}|<unknown>)'?(?:, |\Z))?"
    r"(?:name='?(?P<process>.{0,100}?)'?(?:, |\Z))?"
)
_SXID = re.compile(
    r"nvidia-nvswitch(?P<switch>\d{1,4}): {1,4}SXid {1,4}\((?P<pci>[0-9a-fA-FPCI:.]{5,24})\):"
    r" {0,4}(?P<code>\d{1,9}), {0,4}(?P<fatal>Fatal|Non-fatal)\b,? ?(?:Link (?P<link>\d{1,4})\b ?)?"
)
_PLACE = re.compile(
    r"NVRM: GPU at (?P<pci>[0-9a-fA-FPCI:.]{5,24}): (?P<uuid>GPU-[0-9a-fA-F-]{36})(?![\w-])"
)
_SWITCH = re.compile(r"nvidia-nvswitch: Probing device (?P<pci>[0-9a-fA-F:.]{7,16}),")
_WORDS = re.compile(r"[(\[](0x[0-9a-fA-F]{1,8}(?:[ ,]{1,2}0x[0-9a-fA-F]{1,8}){0,15})[)\]]")
_CHANGE = re.compile(r"from (0x[0-9a-fA-F]{1,8}) \([^)]{0,60}\) to (0x[0-9a-fA-F]{1,8})\b")
_SUB_CODED = frozenset((74, *range(144, 151)))
_RECOVERY = 154
_UNKNOWN = "<unknown>"


@dataclass(frozen=True, slots=True, kw_only=True)
class XidRecord:
    """One Xid.

    Attributes:
        pci: as NVML writes it.
        gpu_instance, compute_instance: of MIG, None if it concerns the whole GPU.
        pid: as the host numbers it, None if the driver does not know.
        process: its name, empty if the driver does not know.
        text: what the driver says, without all the above.
        sub: the numbers that refine the code: of 74 and 144 to 150 those in brackets, of 154 the action before and after.
    """

    pci: str
    gpu_instance: int | None
    compute_instance: int | None
    code: int
    pid: int | None
    process: str
    text: str
    sub: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SxidRecord:
    """One error of an NVSwitch; lines that only add details to it are none."""

    pci: str
    switch: int
    code: int
    fatal: bool
    link: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which GPU sits where; said before the first Xid of a GPU, so it is known of one that NVML cannot see any more."""

    pci: str
    uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """An NVSwitch that its driver found; said before its first SXid."""

    pci: str


def mentioned(text: str) -> bool:
    """Whether `read` may find something: a cheap look, for most lines are about something else."""
    return "Xid (" in text or "GPU at" in text or "nvidia-nvswitch: Probing" in text


def read(text: str) -> Iterator[XidRecord | SxidRecord | Place | Switch]:
    """What a record says; each line counts, quotations in the middle of a line do not."""
    for line in text.split("\n"):
        found = _xid(line) or _sxid(line) or _place(line) or _switch(line)
        if found:
            yield found


def _xid(line: str) -> XidRecord | None:
    found = _XID.match(line)
    pci = bus_id(found["pci"]) if found else None
    if found is None or pci is None:
        return None
    code = int(found["code"])
    text = line[found.end() :].strip()
    process = found["process"] or ""
    return XidRecord(
        pci=pci,
        gpu_instance=_number(found["instance"]),
        compute_instance=_number(found["compute"]),
        code=code,
        pid=int(found["pid"]) if found["pid"] not in (None, _UNKNOWN) else None,
        process="" if process == _UNKNOWN else process,
        text=text,
        sub=_sub(code, text),
    )


def _number(digits: str | None) -> int | None:
    return int(digits) if digits else None


def _sub(code: int, text: str) -> tuple[int, ...]:
    if code == _RECOVERY:
        change = _CHANGE.search(text)
        return (int(change[1], 16), int(change[2], 16)) if change else ()
    words = _WORDS.search(text) if code in _SUB_CODED else None
    return tuple(int(word, 16) for word in re.split("[ ,]+", words[1])) if words else ()


def _sxid(line: str) -> SxidRecord | None:
    found = _SXID.match(line)
    pci = bus_id(found["pci"]) if found else None
    if found is None or pci is None:
        return None
    return SxidRecord(
        pci=pci,
        switch=int(found["switch"]),
        code=int(found["code"]),
        fatal=found["fatal"] == "Fatal",
        link=int(found["link"]) if found["link"] else None,
        text=line[found.end() :].strip(),
    )


def _place(line: str) -> Place | None:
    found = _PLACE.match(line)
    pci = bus_id(found["pci"]) if found else None
    return Place(pci=pci, uuid=found["uuid"]) if found and pci else None


def _switch(line: str) -> Switch | None:
    found = _SWITCH.match(line)
    pci = bus_id(found["pci"]) if found else None
    return Switch(pci=pci) if pci else None
