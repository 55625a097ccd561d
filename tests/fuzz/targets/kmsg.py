"""One record of `/dev/kmsg`, and what the driver says in it."""

from collections.abc import Iterator

from catalog.xid import record, sxid
from probes.kernel_log import kmsg, nvrm
from tests.fuzz.target import Target

_BOOT = "6f1f1a2e-0f0e-4a43-9f3f-2a4d1f9b7c11"


def one(data: bytes) -> None:
    """Read *data* as a record, and judge each Xid and SXid in it."""
    found = kmsg.parse(data, _BOOT)
    if found is None:
        return
    for said in nvrm.read(found.text):
        if isinstance(said, nvrm.XidRecord):
            assert record.action(said.code, said.text) in record.possible(said.code)
        elif isinstance(said, nvrm.SxidRecord):
            sxid.explain(said.code)


def seeds() -> Iterator[bytes]:
    """Records as kernels write them."""
    yield b"6,339,5140900,-;NET: Registered protocol family 10"
    yield b"12,1,1,c,caller=T1;a\\x0ab\\x5c\n SUBSYSTEM=pci\n DEVICE=+pci:0000:3b:00.0\n"
    for code in (13, 31, 45, 48, 63, 74, 79, 94, 119, 144, 149, 150, 154, 999):
        yield (
            b"4,1042,5140900,-;NVRM: Xid (PCI:0000:3b:00): %d, pid=1234, name=python, text" % code
        )
    yield (
        b"4,9,9,-;NVRM: Xid (PCI:0000:3b:00): 149, NETIR_LINK_EVT Fatal XC0 i0 Link 00 (0x004505c6 0x00000000 0x0)"
    )
    yield b"4,9,9,-;NVRM: Xid (PCI:0000:3b:00): 154, changed from 0x0 (None) to 0x1 (GPU Reset Required)"
    yield b"3,9,9,-;nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 22013, Fatal, Link 18 x"


TARGET = Target(name="kmsg", one=one, seeds=seeds, share=180)
