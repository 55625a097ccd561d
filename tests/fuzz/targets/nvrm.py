"""The text of the driver's messages, without what carries it: the part that is about Xids gets most of the mutations."""

from collections.abc import Iterator

from catalog.xid import record
from probes.kernel_log import nvrm
from tests.fuzz.target import Target, text

_START = "NVRM: Xid (PCI:0000:3b:00): "


def one(data: bytes) -> None:
    """Judge an Xid whose code and text are *data*."""
    for said in nvrm.read(_START + text(data)):
        if isinstance(said, nvrm.XidRecord):
            assert record.action(said.code, said.text) in record.possible(said.code)


def seeds() -> Iterator[bytes]:
    """Texts that are decided by their words, and others."""
    yield b"45, pid=1, name=a b, channel 0x8, caused by previous Xid 31"
    yield b"74, pid='<unknown>', name=<unknown>, NVLink: fatal (0x0, 0x10000, 0x0, 0x0, 0x0, 0x0, 0x0)"
    yield b"145, RLW_REMAP Nonfatal XC0 i0 Link 08 (0x00000004 0x80000000 0x0 0x0 0x0 0x0)"
    yield b"150, MSE Fatal i0 (0x1, 0x2)"
    yield b"154, GPU recovery action changed from 0x0 (None) to 0x4 (Drain and Reset)"


TARGET = Target(name="nvrm", one=one, seeds=seeds, share=150, longest=1024)
