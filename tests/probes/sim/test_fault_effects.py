"""What each fault changes in what an operator sees - and that it changes nothing else."""

import math
from collections.abc import Mapping
from typing import Any

import pytest

from catalog.errors import DriverError, GpuLost
from tests.probes.sim.machine import Machine, changed

LATER = 14.0
# Everything that follows from slower work.
_PACE = {
    "gpu_clock_hertz",
    "gpu_clock_event_active",
    "gpu_power_watts",
    "gpu_power_average_watts",
    "gpu_energy_joules_total",
    "gpu_temperature_celsius",
    "gpu_temperature_margin_celsius",
    "gpu_pcie_receive_bytes_per_second",
    "gpu_pcie_transmit_bytes_per_second",
    "gpu_nvlink_receive_bytes_total",
    "gpu_nvlink_transmit_bytes_total",
    "gpu_nvlink_link_receive_bytes_total",
    "gpu_nvlink_link_transmit_bytes_total",
}
# Everything that follows from slower memory.
_STARVED = {
    "gpu_dram_active_ratio",
    "gpu_tensor_active_ratio",
    "gpu_fp32_active_ratio",
    "gpu_fp16_active_ratio",
    "gpu_memory_controller_utilization_ratio",
}


def difference(kind: str, **fields: Any) -> tuple[Machine, set[str]]:
    """The machine with the fault, and the families that differ from the same machine without it."""
    sick, well = Machine("H100", "H100"), Machine("H100", "H100")
    for machine in (sick, well):
        machine.readings()
    sick.inject(kind, **fields)
    for machine in (sick, well):
        machine.run(LATER)

    assert not set(changed(well.readings(1), sick.readings(1))), "the other GPU is not touched"
    return sick, {series[0] for series in changed(well.readings(), sick.readings())}


@pytest.mark.parametrize(
    ("fault", "families"),
    [
        ({"kind": "xid", "code": 31}, set()),
        ({"kind": "xid", "code": 48}, {"gpu_ecc_errors_total", "gpu_ecc_lifetime_errors_total"}),
        ({"kind": "xid", "code": 94}, {"gpu_ecc_errors_total", "gpu_ecc_lifetime_errors_total"}),
        (
            {"kind": "xid", "code": 95},
            {"gpu_ecc_errors_total", "gpu_ecc_lifetime_errors_total", "gpu_recovery_action"},
        ),
        (
            {"kind": "xid", "code": 63},
            {"gpu_remapped_rows", "gpu_row_remap_pending", "gpu_row_remap_banks", "gpu_recovery_action"},
        ),
        (
            {"kind": "xid", "code": 64},
            {"gpu_row_remap_failure", "gpu_row_remap_banks", "gpu_recovery_action"},
        ),
        ({"kind": "ecc_storm"}, {"gpu_ecc_errors_total", "gpu_ecc_lifetime_errors_total"}),
        (
            {"kind": "ecc_storm", "type": "uncorrected", "location": "sram"},
            {"gpu_ecc_errors_total", "gpu_ecc_lifetime_errors_total", "gpu_ecc_sram_threshold_exceeded"},
        ),
        (
            {"kind": "row_remap_pending"},
            {"gpu_remapped_rows", "gpu_row_remap_pending", "gpu_row_remap_banks", "gpu_recovery_action"},
        ),
        ({"kind": "thermal_throttle"}, _PACE | {"gpu_clock_event_seconds_total"}),
        ({"kind": "power_throttle"}, _PACE),
        ({"kind": "clock_stuck"}, _PACE - {"gpu_clock_event_active"}),
        ({"kind": "bandwidth_loss", "left": 0.2}, (_PACE | _STARVED) - {"gpu_clock_hertz", "gpu_clock_event_active"}),
        (
            {"kind": "pcie_downtrain", "generation": 1, "width": 1},
            {
                "gpu_pcie_link_generation",
                "gpu_pcie_link_width",
                "gpu_pcie_replays_total",
                "gpu_pcie_correctable_errors_total",
                "gpu_pcie_receive_bytes_per_second",
                "gpu_pcie_transmit_bytes_per_second",
            },
        ),
        ({"kind": "nvlink_errors"}, {"gpu_nvlink_errors_total", "gpu_nvlink_link_errors_total"}),
        ({"kind": "probe_failure"}, set()),
    ],
    ids=lambda value: " ".join(map(str, value.values())) if isinstance(value, Mapping) else "",
)  # fmt: skip
def test_a_fault_changes_what_it_should_and_nothing_else(
    fault: dict[str, str], families: set[str]
) -> None:
    """Same seed, same times: only the families that belong to the fault differ."""
    _, found = difference(**fault)

    assert found == families


def test_bandwidth_loss_starves_the_tensor_cores() -> None:
    """With most of the memory's bandwidth gone the SMs wait: active, with little to show, at full clocks."""
    sick, _ = difference("bandwidth_loss", left=0.2)
    sick.run(1)
    readings = sick.readings()

    assert readings["gpu_dram_active_ratio",] < 0.25
    assert readings["gpu_sm_active_ratio",] > 0.8
    assert readings["gpu_clock_hertz", "sm"] == 1_980_000_000


def test_an_ecc_storm_counts_at_its_rate_and_stays() -> None:
    """Volatile and lifetime counts rise together while it lasts, and do not fall when it is over."""
    machine = Machine("H100")
    lifetime = machine.gpus[0].ecc_errors(lifetime=True)["corrected", "dram"] or 0
    machine.inject("ecc_storm", rate=10, seconds=20)

    counts = []
    for _ in range(4):
        counts.append(machine.gpus[0].ecc_errors(lifetime=False)["corrected", "dram"])
        machine.run(10)

    assert counts == [1, 101, 201, 201]
    assert machine.gpus[0].ecc_errors(lifetime=True)["corrected", "dram"] == lifetime + 201


def test_an_ecc_storm_stays_in_its_place() -> None:
    """Errors count where they happened, by their type."""
    machine = Machine("H100")
    machine.inject("ecc_storm", type="uncorrected", location="sram", rate=1)
    machine.run(4)

    assert machine.gpus[0].ecc_errors(lifetime=False) == {
        ("corrected", "dram"): 0,
        ("corrected", "sram"): 0,
        ("uncorrected", "dram"): 0,
        ("uncorrected", "sram"): 5,
    }


def test_a_pending_row_asks_for_a_reset() -> None:
    """Until the reset a row is pending and the GPU asks for it; afterwards the row stays remapped."""
    machine = Machine("A100")
    machine.inject("row_remap_pending", rows=3, seconds=60)

    waiting = machine.gpus[0].remapped_rows(), machine.gpus[0].recovery_action()
    machine.run(61)
    done = machine.gpus[0].remapped_rows(), machine.gpus[0].recovery_action()

    assert (waiting[0].uncorrected, waiting[0].pending, waiting[1]) == (3, True, "gpu_reset")
    assert (done[0].uncorrected, done[0].pending, done[1]) == (3, False, "none")


def test_nvlink_errors_of_one_link_are_in_the_sum() -> None:
    """The sum over links counts what the link counts; an A100 knows only the sum."""
    hopper, ampere = Machine("H100"), Machine("A100")
    for machine in (hopper, ampere):
        machine.inject("nvlink_errors", error="replay", link=3, rate=2, seconds=10)
        machine.run(10)

    assert hopper.gpus[0].nvlink(3).errors["replay"] == 21
    assert hopper.gpus[0].nvlink(2).errors["replay"] == 0
    assert hopper.gpus[0].nvlink().errors == {"crc": 0, "replay": 21, "recovery": 0}
    assert ampere.gpus[0].nvlink().errors["replay"] == 21
    assert ampere.gpus[0].nvlink(3).errors == {}


def test_throttling_shows_within_a_second() -> None:
    """Reasons and clocks are there with the next reading."""
    machine = Machine("H100")
    machine.inject("thermal_throttle")
    machine.inject("power_throttle")
    machine.run(1)

    reasons = machine.gpus[0].clock_events() or frozenset()

    assert {"sw_thermal_slowdown", "hw_power_brake_slowdown", "hw_slowdown"} <= reasons
    assert (machine.gpus[0].clocks()["sm"] or 0) <= 1_095_000_000


def test_throttled_time_is_counted_in_nanoseconds() -> None:
    """The driver's own counter grows by the seconds that the reason held."""
    machine = Machine("H100")
    machine.inject("thermal_throttle", seconds=8)
    machine.run(60)

    seconds = machine.gpus[0].clock_event_seconds()["sw_thermal_slowdown"]

    # Cooling down to what is allowed takes a while.
    assert seconds is not None
    assert 7 <= seconds <= 14


@pytest.mark.parametrize(
    "fault", [{"kind": "gpu_lost"}, *({"kind": "xid", "code": code} for code in (79, 119, 120))]
)
def test_a_lost_gpu_answers_nothing(fault: dict[str, Any]) -> None:
    """Every question to it fails; its neighbour goes on."""
    machine = Machine("H100", "H100")
    machine.inject(**fault)

    with pytest.raises(GpuLost):
        machine.gpus[0].power()
    with pytest.raises(DriverError, match="GPU is lost"):
        machine.devices[0].mig_devices()
    assert machine.gpus[1].power().now


def test_a_lost_gpu_is_missing_when_the_driver_opens_again() -> None:
    """The others keep their index; when it is back, so is its UUID."""
    machine = Machine("H100", "H100")
    lost, other = (gpu.identity.uuid for gpu in machine.gpus)
    machine.inject("gpu_lost", seconds=30)

    during = [device.ask("nvmlDeviceGetUUID") for device in machine.driver.devices()]
    machine.run(31)
    after = [device.ask("nvmlDeviceGetUUID") for device in machine.driver.devices()]

    assert during == [other]
    assert after == [lost, other]
    assert machine.gpus[0].power().now


@pytest.mark.parametrize(
    ("which", "families"),
    [
        ("power", {"gpu_power_watts", "gpu_energy_joules_total", "gpu_power_limit_watts"}),
        ("temperature", {"gpu_temperature_celsius", "gpu_temperature_margin_celsius"}),
        ("ecc", {"gpu_ecc_errors_total", "gpu_ecc_lifetime_errors_total", "gpu_row_remap_banks"}),
    ],
)
def test_blanks_are_no_numbers(which: str, families: set[str]) -> None:
    """The readings that are blank become NaN, whichever of NVML's blanks it is; no others do."""
    machine = Machine("H100")
    machine.inject("blanks", which=which, seconds=10)

    blank = {series[0] for series, value in machine.readings().items() if math.isnan(value)}
    machine.run(10)

    assert blank == families
    assert not any(math.isnan(value) for value in machine.readings().values())


def test_blanks_of_everything_crash_no_decoder() -> None:
    """All readings at once, three rounds, in each of NVML's blanks: NaN, never a number that lies."""
    machine = Machine("H100")
    whole = machine.readings()
    machine.inject("blanks")

    for _ in range(3):
        machine.run(1)
        readings = machine.readings()
        assert readings.keys() >= {("gpu_power_watts",), ("gpu_temperature_celsius", "gpu")}
        assert all(value < 1e14 or math.isnan(value) for value in readings.values())
        assert math.isnan(readings["gpu_sm_active_ratio",])
        assert math.isnan(readings["gpu_utilization_ratio",])
        assert math.isnan(readings["gpu_nvlink_errors_total", "crc"])
    assert whole["gpu_info", *next(series[1:] for series in whole if series[0] == "gpu_info")] == 1


def test_a_scheduled_fault_waits_for_its_time() -> None:
    """`at` counts from the start in a scenario, from now when injected."""
    machine = Machine("H100")
    machine.run(100)
    machine.inject("ecc_storm", at=50)

    machine.run(49)
    before = machine.gpus[0].ecc_errors(lifetime=False)["corrected", "dram"]
    machine.run(1)

    assert before == 0
    assert machine.gpus[0].ecc_errors(lifetime=False)["corrected", "dram"] == 1
