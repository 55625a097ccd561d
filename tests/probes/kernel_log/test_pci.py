import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kernel_log.pci import bus_id


@pytest.mark.parametrize(
    ("address", "normal"),
    [
        ("00000000:3B:00.0", "00000000:3B:00.0"),
        ("PCI:0000:3b:00", "00000000:3B:00.0"),
        ("0000:3b:00", "00000000:3B:00.0"),
        ("0000:3b:00.0", "00000000:3B:00.0"),
        ("PCI:0000:01:00:0", "00000000:01:00.0"),
        ("3b:00", "00000000:3B:00.0"),
        ("3b:00.0", "00000000:3B:00.0"),
        ("PCI:000f:01:00", "0000000F:01:00.0"),
        ("PCI:0019:01:00", "00000019:01:00.0"),
        ("10000:e1:00.0", "00010000:E1:00.0"),
        ("PCI:0000:a9:00.1", "00000000:A9:00.1"),
    ],
)
def test_one_form(address: str, normal: str) -> None:
    """However a driver writes it, it comes out as NVML's busId."""
    assert bus_id(address) == normal
    assert bus_id(normal) == normal


@pytest.mark.parametrize("text", ["", "PCI:", "unknown", "0000:3b", "0000:3b:00.9", "3b:00 "])
def test_no_address(text: str) -> None:
    """Nothing else does."""
    assert bus_id(text) is None


@given(st.integers(0, 2**32 - 1), st.integers(0, 255), st.integers(0, 31), st.sampled_from("xX"))
def test_round_trip(domain: int, bus: int, device: int, case: str) -> None:
    """Capital or not, with leading zeros or not, it is the same address."""
    written = f"PCI:{domain:04{case}}:{bus:02{case}}:{device:02{case}}"

    assert bus_id(written) == f"{domain:08X}:{bus:02X}:{device:02X}.0"


@given(st.text())
def test_garbage(text: str) -> None:
    """Nothing makes it raise."""
    bus_id(text)
