"""A log file from its first byte to what is counted: stamps, carriers, Xids, switches, places, the ledger."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from exporter.xids import Ledger
from probes.kernel_log.reader import KernelLog
from tests.fuzz.target import Target

_BOOT = "6f1f1a2e-0f0e-4a43-9f3f-2a4d1f9b7c11"
_NOW = 1_795_518_000.0
_PLACES = {"00000000:3B:00.0": "GPU-00000000-0000-0000-0000-000000000000"}
_FOLDER = tempfile.TemporaryDirectory(prefix="gpuvitals-fuzz-")
_LINES = (
    b"4,1042,5140900,-;NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, name=python, GPU has fallen off the bus.",
    b"4,1043,5140901,-;NVRM: Xid (PCI:0000:3b:00 GPU-I:05): 13, pid='<unknown>', name=<unknown>, Graphics Exception",
    b"2026-11-24T13:53:20.123456+00:00 node7 kernel: [ 1234.567890] NVRM: Xid (PCI:0000:3b:00): 48, DBE",
    (
        b"Nov 24 13:53:20 node7 kernel: NVRM: Xid (PCI:0000:3b:00): 145, RLW_REMAP Nonfatal XC0 i0 Link 08 "
        b"(0x00000004 0x80000000 0x00000000 0x00000000 0x00000000 0x00000000)"
    ),
    b"[Tue Nov 24 13:53:20 2026] NVRM: Xid (3b:00): 154, GPU recovery action changed from 0x0 (None) to 0x2 (Reboot)",
    b"[ 1234.567890] nvidia-nvswitch0: SXid (PCI:0000:c1:00.0): 12028, Non-fatal, Link 32 egress non-posted",
    b"NVRM: GPU at PCI:0000:3b:00: GPU-5d1f6b0e-aaaa-bbbb-cccc-0123456789ab",
    (
        b'{"MESSAGE":"NVRM: Xid (PCI:0000:3b:00): 31, pid=1, name=a, MMU Fault","PRIORITY":"4",'
        b'"SYSLOG_FACILITY":"0","_TRANSPORT":"kernel","__CURSOR":"s=0123abcd;i=4f;b=1;m=2;t=3;x=4",'
        b'"__REALTIME_TIMESTAMP":"1795518000000000","_SOURCE_MONOTONIC_TIMESTAMP":"1234567890"}'
    ),
    b'{"MESSAGE":[78,86,82,77,58,32,88,105,100,32,40],"_TRANSPORT":"kernel"}',
)


def one(data: bytes) -> None:
    """Read *data* as a log, and judge all that it says."""
    file = Path(_FOLDER.name) / "kern.log"
    file.write_bytes(data + b"\n")
    log = KernelLog(file, None, boot=_BOOT, wall=lambda: _NOW, steady=lambda: 10.0)
    ledger = Ledger(None)
    caught_up = False
    while not caught_up:
        batch = log.read()
        assert not batch.problem, batch.error
        ledger.heard(batch, _PLACES, 10.0)
        caught_up = batch.caught_up
    log.close()


def seeds() -> Iterator[bytes]:
    """Each carrier by itself, and all together."""
    yield from _LINES
    yield b"\n".join(_LINES)


TARGET = Target(name="kernel_log", one=one, seeds=seeds, share=130)
