"""NVSwitches as sysfs shows them."""

from pathlib import Path

from probes.nvswitch import bound


def test_the_switches_that_a_driver_is_bound_to(tmp_path: Path) -> None:
    """One per address in the driver's folder, in NVML's form; its other entries are none."""
    for name in ("0000:a9:00.0", "0000:aa:00.0", "bind", "module", "new_id"):
        (tmp_path / name).touch()

    assert bound(tmp_path) == {"00000000:A9:00.0", "00000000:AA:00.0"}


def test_a_machine_without_switches(tmp_path: Path) -> None:
    """No driver, no folder, no switch."""
    assert bound(tmp_path / "missing") == frozenset()
