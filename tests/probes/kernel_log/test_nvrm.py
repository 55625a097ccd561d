"""Lines as drivers wrote them, and what they say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.xid import lookup, record
from catalog.xid.actions import Action
from probes.kernel_log import nvrm
from probes.kernel_log.nvrm import Place, Switch, SxidRecord, XidRecord

GPU = "00000000:3B:00.0"


def xid(code: int, text: str, **known: Any) -> XidRecord:
    """A record of which the driver told only what is *known*."""
    fields = {
        "pci": GPU,
        "gpu_instance": None,
        "compute_instance": None,
        "pid": None,
        "process": "",
        "sub": (),
    }
    return XidRecord(code=code, text=text, **{**fields, **known})


# From NVIDIA's guides (Xid errors, A100 memory error management), the driver's open sources, bug reports of users, and the
# tests of other tools that read these lines; addresses changed to one where nothing depends on them.
XIDS = {
    # 470 to 555 name the process that owns the channel, in quotes if they do not know its id
    "NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.": xid(
        79, "GPU has fallen off the bus."
    ),
    "NVRM: Xid (PCI:0000:3b:00): 31, pid=3634001, name=vectorAdd, channel 0x01000020, intr 00000000. MMU Fault:"
    " ENGINE CE2 HUBCLIENT_CE0 faulted @ 0x792c_58000000. Fault is of type FAULT_PDE ACCESS_TYPE_VIRT_WRITE": xid(
        31,
        "channel 0x01000020, intr 00000000. MMU Fault: ENGINE CE2 HUBCLIENT_CE0 faulted @ 0x792c_58000000."
        " Fault is of type FAULT_PDE ACCESS_TYPE_VIRT_WRITE",
        pid=3634001,
        process="vectorAdd",
    ),
    "NVRM: Xid (PCI:0000:3b:00): 119, pid=1582259, name=nvc:[driver], Timeout after 6s of waiting for RPC response"
    " from GPU0 GSP! Expected function 76 (GSP_RM_CONTROL) (0x20802a02 0x8).": xid(
        119,
        "Timeout after 6s of waiting for RPC response from GPU0 GSP! Expected function 76 (GSP_RM_CONTROL)"
        " (0x20802a02 0x8).",
        pid=1582259,
        process="nvc:[driver]",
    ),
    "NVRM: Xid (PCI:0000:3b:00): 31, pid='1234', name='python3', 'Illegal memory access'": xid(
        31, "'Illegal memory access'", pid=1234, process="python3"
    ),
    "NVRM: Xid (PCI:0000:3b:00): 48, pid='<unknown>', name=<unknown>": xid(48, ""),
    "NVRM: Xid (PCI:0000:3b:00): 119, pid=1582259, name=nvc:[driver]": xid(
        119, "", pid=1582259, process="nvc:[driver]"
    ),
    "NVRM: Xid (PCI:0000:3b:00): 43, pid=8, name=Web Content, Ch 00000010": xid(
        43, "Ch 00000010", pid=8, process="Web Content"
    ),
    # 460 knows the process but not its name
    "NVRM: Xid (PCI:0000:3b:00): 13, pid=1234, Graphics SM Warp Exception on (GPC 0, TPC 1, SM 0)": xid(
        13, "Graphics SM Warp Exception on (GPC 0, TPC 1, SM 0)", pid=1234
    ),
    "NVRM: Xid (PCI:0000:3b:00): 74, pid=<unknown>, name=<unknown>, NVLink: fatal error detected on link"
    " 6(0x10000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0)": xid(
        74,
        "NVLink: fatal error detected on link 6(0x10000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0)",
        sub=(0x10000, 0, 0, 0, 0, 0, 0),
    ),
    # 560 and newer leave the process out where there is none
    "NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.": xid(
        79, "GPU has fallen off the bus."
    ),
    "NVRM: Xid (PCI:0000:3b:00): 45, pid=7, name=python, channel 0x00000012 caused by previous Xid 149": xid(
        45, "channel 0x00000012 caused by previous Xid 149", pid=7, process="python"
    ),
    # before 334 without "PCI:"
    "NVRM: Xid (0000:3b:00): 14, Channel 00000001": xid(14, "Channel 00000001"),
    "NVRM: Xid (0000:3b:00): 13, 0003 00000000 00008297 00001098 00000000 00000044": xid(
        13, "0003 00000000 00008297 00001098 00000000 00000044"
    ),
    "NVRM: Xid (3b:00): 16, Head 00000000 Count 00006e2e": xid(16, "Head 00000000 Count 00006e2e"),
    # other ways to write the address
    "NVRM: Xid (PCI:0000:3b:00.0): 62, 2f6b(3000) 00000000 00000000": xid(
        62, "2f6b(3000) 00000000 00000000"
    ),
    "NVRM: Xid (PCI:0000:3b:00:0): 79, GPU has fallen off the bus.": xid(
        79, "GPU has fallen off the bus."
    ),
    "NVRM: Xid (PCI:000f:01:00): 13, Graphics SM Warp Exception: Illegal Instruction Parameter": xid(
        13,
        "Graphics SM Warp Exception: Illegal Instruction Parameter",
        pci="0000000F:01:00.0",
    ),
    # MIG
    "NVRM: Xid (PCI:0000:3b:00 GPU-I:05): 94, pid=7194, Contained: CE User Channel (0x9). RST: No, D-RST: No": xid(
        94, "Contained: CE User Channel (0x9). RST: No, D-RST: No", gpu_instance=5, pid=7194
    ),
    "NVRM: Xid (PCI:0000:3b:00 GPU-I:01 GPU-CI:02): 13, pid=9, name=a, Graphics Exception": xid(
        13, "Graphics Exception", gpu_instance=1, compute_instance=2, pid=9, process="a"
    ),
    "NVRM: Xid (PCI:0000:3b:00): 95, pid=7062, Uncontained: LTC TAG (0x2,0x1). RST: Yes, D-RST: No": xid(
        95, "Uncontained: LTC TAG (0x2,0x1). RST: Yes, D-RST: No", pid=7062
    ),
    # NVLink 5
    "NVRM: Xid (PCI:0018:01:00): 149, NETIR_LINK_EVT  Fatal   XC0 i0 Link 09"
    " (0x025525c6 0x00000000 0x00000000 0x00000000 0x00000000 0x00000000)": xid(
        149,
        "NETIR_LINK_EVT  Fatal   XC0 i0 Link 09"
        " (0x025525c6 0x00000000 0x00000000 0x00000000 0x00000000 0x00000000)",
        pci="00000018:01:00.0",
        sub=(0x025525C6, 0, 0, 0, 0, 0),
    ),
    "NVRM: Xid (PCI:0000:3b:00): 149, NETIR_LINK_EVT Fatal XC 1 i 2 Link 01 [0x0000000a]": xid(
        149, "NETIR_LINK_EVT Fatal XC 1 i 2 Link 01 [0x0000000a]", sub=(0xA,)
    ),
    "NVRM: Xid (PCI:0000:3b:00): 145, pid=4, name=<unknown>, RLW_SRC_TRACK Nonfatal XC0 i1 Link 00"
    " (0x00000001 0x00000002)": xid(
        145,
        "RLW_SRC_TRACK Nonfatal XC0 i1 Link 00 (0x00000001 0x00000002)",
        pid=4,
        sub=(1, 2),
    ),
    "NVRM: Xid (PCI:0000:3b:00): 148, NVLPW_CTRL Fatal XC0 i0 Link 05": xid(
        148, "NVLPW_CTRL Fatal XC0 i0 Link 05"
    ),
    # recovery action
    "NVRM: Xid (PCI:0000:3b:00): 154, GPU recovery action changed from 0x0 (None) to 0x2 (Node Reboot Required)": xid(
        154,
        "GPU recovery action changed from 0x0 (None) to 0x2 (Node Reboot Required)",
        sub=(0, 2),
    ),
    "NVRM: Xid (PCI:0000:3b:00): 154, pid='<unknown>', name=<unknown>, GPU recovery action changed from 0x4"
    " (Drain and Reset) to 0x1 (GPU Reset Required)": xid(
        154,
        "GPU recovery action changed from 0x4 (Drain and Reset) to 0x1 (GPU Reset Required)",
        sub=(4, 1),
    ),
    # a code that nobody catalogued
    "NVRM: Xid (PCI:0000:3b:00): 999, pid=5, name=<unknown>, future driver detail": xid(
        999, "future driver detail", pid=5
    ),
    "NVRM: Xid (PCI:0000:3b:00): 31": xid(31, ""),
}


@pytest.mark.parametrize("line", XIDS)
def test_xid(line: str) -> None:
    """Every shape that drivers printed."""
    assert nvrm.mentioned(line)
    assert list(nvrm.read(line)) == [XIDS[line]]


# From the Fabric Manager guide, NVIDIA's own parser and logs of users.
SXIDS = {
    "nvidia-nvswitch0: SXid (PCI:0000:a9:00.0): 20034, Fatal, Link 30 LTSSM Fault Up": SxidRecord(
        pci="00000000:A9:00.0", switch=0, code=20034, fatal=True, link=30, text="LTSSM Fault Up"
    ),
    "nvidia-nvswitch3: SXid (PCI:0000:05:00.0): 12028, Non-fatal, Link 32 egress non-posted PRIV error (First)": SxidRecord(
        pci="00000000:05:00.0",
        switch=3,
        code=12028,
        fatal=False,
        link=32,
        text="egress non-posted PRIV error (First)",
    ),
    "nvidia-nvswitch0: SXid (PCI:0000:00:00.0): 11001, Fatal, ingress invalid command": SxidRecord(
        pci="00000000:00:00.0",
        switch=0,
        code=11001,
        fatal=True,
        link=None,
        text="ingress invalid command",
    ),
}


@pytest.mark.parametrize("line", SXIDS)
def test_sxid(line: str) -> None:
    """An error of a switch, with its link where one is named."""
    assert nvrm.mentioned(line)
    assert list(nvrm.read(line)) == [SXIDS[line]]


def test_details_of_an_sxid_are_no_errors() -> None:
    """One error is one line that says how grave it is, and some that add numbers."""
    lines = (
        "nvidia-nvswitch3: SXid (PCI:0000:08:00.0): 22013, Non-fatal, Link 60 Minion Link DLREQ interrupt",
        "nvidia-nvswitch3: SXid (PCI:0000:08:00.0): 22013, Severity 0 Engine instance 60 Sub-engine instance 00",
        "nvidia-nvswitch3: SXid (PCI:0000:08:00.0): 22013, Data {0x0000003c, 0x0000003c, 0x00000000, 0x0000003c}",
    )

    assert len(list(nvrm.read("\n".join(lines)))) == 1


def test_which_gpu_sits_where() -> None:
    """The driver says so before the first Xid of a GPU."""
    line = "NVRM: GPU at PCI:0000:81:00: GPU-71dcdf29-68ae-87d1-b57b-86d9f8f01ffc"

    assert nvrm.mentioned(line)
    assert list(nvrm.read(line)) == [
        Place(pci="00000000:81:00.0", uuid="GPU-71dcdf29-68ae-87d1-b57b-86d9f8f01ffc")
    ]


@pytest.mark.parametrize(
    "line",
    [
        "NVRM: GPU 0000:29:00.0: GPU has fallen off the bus.",
        "NVRM: A GPU crash dump has been created.",
        "NVRM: Xid (PCI:0000:65:00): invalid",
        "NVRM: Xid (PCI:0000:65:00): , pid=1234",
        "NVRM: Xid (PCI:0000:65:00)",
        "NVRM: Xid: 31",
        "NVRM: Xid (invalid): some error",
        "NVRM: Xid (PCI:zz:00): 79, no address",
        "nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): garbled, Fatal",
        "joker: NVRM: Xid (PCI:0000:3b:00): 79, a quotation",
        "audit: 'nvidia-nvswitch0: SXid (PCI:0000:a9:00.0): 20034, Fatal, Link 30'",
        "NVRM: GPU at PCI:0000:81:00: GPU-71dcdf29",
        "usb 1-1: new high-speed device",
    ],
)
def test_what_is_no_record(line: str) -> None:
    """It says nothing."""
    assert list(nvrm.read(line)) == []


def test_a_message_of_several_lines() -> None:
    """Each line counts; the rest of the first one belongs to it alone."""
    text = "NVRM: Xid (PCI:0000:3b:00): 16, \nHead 00000000\nNVRM: Xid (PCI:0000:3b:00): 79, gone"

    assert [found.code for found in nvrm.read(text) if isinstance(found, XidRecord)] == [16, 79]


@pytest.mark.parametrize("code", lookup.catalogued(), ids=str)
def test_every_catalogued_code(code: int) -> None:
    """All 172 are read in each of the four shapes of the newest driver, and mean what the table says."""
    for place in ("", " GPU-I:03", " GPU-I:03 GPU-CI:01"):
        for owner in ("", "pid=4711, name=python3, "):
            line = f"NVRM: Xid (PCI:0000:3b:00{place}): {code}, {owner}some words of the driver"
            (found,) = nvrm.read(line)

            assert isinstance(found, XidRecord)
            assert (found.code, found.pci) == (code, GPU)
            assert found.gpu_instance == (3 if place else None)
            assert found.process == ("python3" if owner else "")
            assert record.action(found.code, found.text) is lookup.explain(code).action


def test_a_process_cannot_choose_the_action() -> None:
    """Its name is not part of the text that decides."""
    line = "NVRM: Xid (PCI:0000:3b:00): 154, pid=7, name=changed from 0x0 (None) to 0x2 (, GPU recovery action changed"
    (found,) = nvrm.read(line)

    assert isinstance(found, XidRecord)
    assert record.action(found.code, found.text) is not Action.REBOOT_NODE


WORDS = st.text(st.characters(codec="ascii", exclude_characters="\n"), max_size=60)


@given(
    domain=st.integers(0, 0xFFFF),
    code=st.integers(0, 999_999),
    pid=st.integers(0, 2**32 - 1),
    process=st.from_regex(r"[a-zA-Z0-9_./:\[\]-]{1,40}", fullmatch=True),
    instance=st.none() | st.integers(0, 99),
    text=WORDS,
)
def test_round_trip(  # noqa: PLR0913, PLR0917 - one argument per field
    domain: int, code: int, pid: int, process: str, instance: int | None, text: str
) -> None:
    """What the driver's format string prints comes back (krcReportXid of open-gpu-kernel-modules)."""
    place = f"PCI:{domain:04x}:3b:00" + ("" if instance is None else f" GPU-I:{instance:02}")
    (found,) = nvrm.read(f"NVRM: Xid ({place}): {code}, pid={pid}, name={process}, {text}")

    assert isinstance(found, XidRecord)
    assert (found.code, found.pid, found.process) == (code, pid, process)
    assert (found.pci, found.gpu_instance) == (f"{domain:08X}:3B:00.0", instance)
    assert found.text == text.strip()


PARTS = st.sampled_from(
    (
        *("NVRM: ", "Xid ", "(PCI:", "0000:3b:00", " GPU-I:05", "): ", "79", ", ", "pid=", "'"),
        *("name=", "<unknown>", "nvidia-nvswitch0: S", "Fatal", "Link 3", "(0x1 0x2)", "\n"),
        *("0x0 (", "GPU at ", "nvidia-nvswitch: Probing device ", "0000:a9:00.0,"),
    )
)


@given(st.text() | st.lists(PARTS | WORDS).map("".join))
def test_garbage(text: str) -> None:
    """Nothing makes it raise, and what it reads was mentioned."""
    assert not list(nvrm.read(text)) or nvrm.mentioned(text)


@pytest.mark.parametrize(
    "part", ["NVRM: Xid (PCI:", " ", "(", "0x1 ", "(0x1 ", "pid=", "name=a, ", "from 0x0 ("]
)
def test_long_lines(part: str) -> None:
    """A line of a megabyte is read in time that grows with its length; with the square of it this would not end."""
    start = "NVRM: Xid (PCI:0000:3b:00): 149, pid=1, name="
    found = list(nvrm.read(start + part * (2**20 // len(part))))

    assert len(found) == 1


def test_a_switch_is_found() -> None:
    """As its driver says when it is loaded (nvswitch_probe of open-gpu-kernel-modules)."""
    line = "nvidia-nvswitch: Probing device 0000:08:00.0, Vendor Id = 0x10de, Device Id = 0x22a3, Class = 0x68000 "

    assert list(nvrm.read(line)) == [Switch(pci="00000000:08:00.0")]
    assert nvrm.mentioned(line)
