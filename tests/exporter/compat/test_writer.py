"""A snapshot as dcgm-exporter would write it."""

from collections.abc import Callable, Iterable

import pytest

from catalog.metrics import (
    allocation,
    clocks,
    ecc,
    events,
    memory,
    mig,
    nvlink,
    power,
    state,
    utilization,
)
from catalog.snapshot import GpuView, Identity, Layout, Reading, Series, Snapshot, Tier
from exporter.compat.dialect import Dialect
from exporter.compat.writer import CompatWriter
from exporter.exposition import Format
from tests.exporter.parsing import parsed
from tests.exporter.test_exposition import rich_snapshot

UUID = "GPU-8f0e6c2a"
LABELS = f'gpu="3",UUID="{UUID}",pci_bus_id="00000000:3B:00.0",device="nvidia3",modelName="NVIDIA H200",Hostname="node-1"'
MIB = 2**20


def view(told: Iterable[tuple[Series, float]], at: float = 100.0) -> GpuView:
    """A GPU that tells what is *told*, and its driver."""
    identity = Identity(
        uuid=UUID,
        index=3,
        model="NVIDIA H200",
        pci_bus_id="00000000:3B:00.0",
        node="node-1",
    )
    own = tuple("580.95" if name == "driver" else "" for name in state.INFO.labels)
    once = Reading(at=at, layout=Layout(((state.INFO, own),)), values=(1.0,))
    told = tuple(told)
    series, values = tuple(one for one, _ in told), tuple(value for _, value in told)
    reading = Reading(at=at, layout=Layout(series), values=values)
    ok = GpuView(identity=identity, state="ok")
    return ok.with_reading(Tier.ONCE, once).with_reading(Tier.MEDIUM, reading)


def samples(text: str) -> list[str]:
    """The lines with values."""
    return [line for line in text.splitlines() if not line.startswith("#")]


def written(dialect: Dialect, *told: tuple[Series, float]) -> list[str]:
    """The samples of one GPU, the Xid left out that is always there."""
    text = CompatWriter(dialect).render(Snapshot().with_gpu(view(told)), Format.TEXT)
    return [line for line in samples(text) if "DEV_XID_ERROR" not in line]


def test_the_legacy_names_have_dcgm_exporters_labels_and_units() -> None:
    """MHz, MiB, percent, millijoules; help and type come first."""
    told = [((clocks.CLOCK, ("sm",)), 1.98e9), ((clocks.CLOCK, ("video",)), 1e9)]
    text = CompatWriter(Dialect.LEGACY).render(Snapshot().with_gpu(view(told)), Format.TEXT)

    assert text.startswith(
        "# HELP DCGM_FI_DEV_SM_CLOCK Clock of the SMs (MHz).\n"
        "# TYPE DCGM_FI_DEV_SM_CLOCK gauge\n"
        f'DCGM_FI_DEV_SM_CLOCK{{{LABELS},DCGM_FI_DRIVER_VERSION="580.95"}} 1980\n'
    )


@pytest.mark.parametrize(
    ("series", "value", "legacy", "current"),
    [
        ((memory.USED, ()), 3.5 * MIB, "FB_USED 3.5", "FB_USED_BYTES 3670016"),
        ((utilization.UTILIZATION, ()), 0.29, "GPU_UTIL 29", "GPU_UTIL_RATIO 0.29"),
        ((power.NOW, ()), 612.345, "POWER_USAGE 612.345", "BOARD_POWER_WATTS 612.345"),
        (
            (power.ENERGY, ()),
            123456.789,
            "TOTAL_ENERGY_CONSUMPTION 123456789",
            "GPU_ENERGY_JOULES_TOTAL 123456.789",
        ),
        (
            (ecc.REMAPPED_ROWS, ("uncorrected",)),
            2.0,
            "UNCORRECTABLE_REMAPPED_ROWS 2",
            "ROW_REMAP_UNCORRECTABLE_TOTAL 2",
        ),
        (
            (clocks.EVENT_SECONDS, ("sync_boost",)),
            1.5,
            "SYNC_BOOST_VIOLATION 1500000000",
            "SYNC_BOOST_VIOLATION 1500000000",
        ),
    ],
)
def test_units(series: Series, value: float, legacy: str, current: str) -> None:
    """Each dialect has its own names and units; a field that was not renamed keeps both."""
    found = {
        dialect: [
            f"{line.partition('{')[0].removeprefix('DCGM_FI_DEV_')} {line.rpartition(' ')[2]}"
            for line in written(dialect, (series, value))
            if "_PROF_" not in line
        ]
        for dialect in (Dialect.LEGACY, Dialect.CURRENT, Dialect.BOTH)
    }

    assert found[Dialect.LEGACY] == [legacy]
    assert found[Dialect.CURRENT] == [current]
    assert found[Dialect.BOTH] == list(dict.fromkeys((legacy, current)))


def test_the_driver_is_a_label_under_the_name_of_the_dialect() -> None:
    """Under both where both are written."""
    (line,) = written(Dialect.CURRENT, ((power.NOW, ()), 1.0))
    both = written(Dialect.BOTH, ((power.NOW, ()), 1.0))

    assert ',DCGM_FI_SYSTEM_DRIVER_VERSION="580.95"}' in line
    assert "DCGM_FI_DRIVER_VERSION" not in line
    assert all(
        'DCGM_FI_DRIVER_VERSION="580.95",DCGM_FI_SYSTEM_DRIVER_VERSION="580.95"' in one
        for one in both
    )


def test_the_last_xid() -> None:
    """The latest of all, with its meaning; 0 as long as there was none."""
    told = [
        ((events.XID_LAST, ("31", "restart_app")), 50.0),
        ((events.XID_LAST, ("79", "reboot_node")), 60.0),
    ]
    writer = CompatWriter(Dialect.LEGACY)
    quiet, loud = (
        [
            line
            for line in samples(writer.render(Snapshot().with_gpu(view(one)), Format.TEXT))
            if "XID_ERRORS{" in line
        ]
        for one in ([], told)
    )

    assert quiet[0].endswith(',err_code="0",err_msg="No Error"} 0')
    assert loud[0].endswith(',err_code="79",err_msg="The GPU has fallen off the bus"} 79')


def test_xids_by_code() -> None:
    """Summed over what they ask for; those that never happened are not there, as in dcgm-exporter."""
    found = written(
        Dialect.LEGACY,
        ((events.XID_ERRORS, ("48", "reset_gpu")), 2.0),
        ((events.XID_ERRORS, ("48", "none")), 1.0),
        ((events.XID_ERRORS, ("79", "reboot_node")), 0.0),
    )

    assert [line.rpartition(",")[2] for line in found] == ['xid="48"} 3']


def test_the_reasons_that_hold_the_clocks_down_are_bits() -> None:
    """Under the names of DCGM 3 and 4."""
    active = (("gpu_idle", 0.0), ("sw_power_cap", 1.0), ("hw_thermal_slowdown", 1.0))
    found = written(
        Dialect.LEGACY, *(((clocks.EVENT_ACTIVE, (name,)), value) for name, value in active)
    )

    assert [(line.partition("{")[0], line.rpartition(" ")[2]) for line in found] == [
        ("DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", "68"),
        ("DCGM_FI_DEV_CLOCKS_EVENT_REASONS", "68"),
    ]


def test_the_rate_over_nvlink() -> None:
    """From two readings, both ways together; the same reading again changes nothing, a reset gives no negative rate."""
    writer = CompatWriter(Dialect.BOTH)

    def rates(at: float, received: float) -> list[str]:
        told = [((nvlink.RECEIVE, ()), received), ((nvlink.TRANSMIT, ()), 1e9)]
        text = writer.render(Snapshot().with_gpu(view(told, at)), Format.TEXT)
        return [line.rpartition(" ")[2] for line in samples(text) if "NVLINK_" in line]

    assert rates(100.0, 1e9) == []
    assert rates(110.0, 6e9) == ["500", "500000000"]
    assert rates(110.0, 6e9) == ["500", "500000000"]
    assert rates(120.0, 0.0) == ["500", "500000000"]
    assert rates(130.0, 1e9) == ["100", "100000000"]


def test_instances_of_mig_take_the_place_of_the_gpu() -> None:
    """One line per GPU instance, whatever its compute instances; a sum over all counts no byte twice."""
    whole = [((memory.USED, ()), 5.0 * MIB), ((memory.FREE, ()), 1.0 * MIB)]
    parts = [
        ((metric, (instance, compute, "1g.18gb")), value * MIB)
        for instance, compute in (("7", "0"), ("7", "1"), ("9", "0"))
        for metric, value in ((mig.MEMORY_TOTAL, 10.0), (mig.MEMORY_USED, 4.0))
    ]
    found = written(Dialect.LEGACY, *whole, *parts)

    assert [(line.partition("{")[0], line.rpartition(" ")[2]) for line in found] == [
        ("DCGM_FI_DEV_FB_FREE", "6"),
        ("DCGM_FI_DEV_FB_FREE", "6"),
        ("DCGM_FI_DEV_FB_USED", "4"),
        ("DCGM_FI_DEV_FB_USED", "4"),
    ]
    assert 'modelName="NVIDIA H200",GPU_I_PROFILE="1g.18gb",GPU_I_ID="7",Hostname' in found[0]
    assert 'GPU_I_ID="9"' in found[1]


def test_who_holds_a_gpu_comes_last() -> None:
    """Of an instance, who holds that one; of the whole GPU, what all its holders have in common."""
    told = [((power.NOW, ()), 1.0), ((mig.MEMORY_USED, ("7", "0", "1g")), 1.0)]
    held = (
        (allocation.INFO, ("ml", "pod-1", "main", "")),
        (allocation.INFO, ("ml", "pod-2", "main", "")),
        (allocation.MIG_INFO, ("7", "0", "1g", "ml", "pod-2", "main", "")),
    )
    reading = Reading(at=100.0, layout=Layout(held), values=(1.0, 1.0, 1.0))
    snapshot = Snapshot().with_gpu(view(told).with_reading(Tier.ALLOCATED, reading))
    text = CompatWriter(Dialect.LEGACY).render(snapshot, Format.TEXT)

    assert ',container="main",hpc_job="",namespace="ml",pod=""} 1\n' in text
    assert ',container="main",hpc_job="",namespace="ml",pod="pod-2"} ' in text


def test_a_gpu_that_does_not_answer_shows_no_old_value() -> None:
    """Only its Xids, which we count."""
    told = view([((power.NOW, ()), 1.0)])
    hung = GpuView(identity=told.identity, state="hung").with_reading(
        Tier.MEDIUM, told.readings[Tier.MEDIUM]
    )
    text = CompatWriter(Dialect.LEGACY).render(Snapshot().with_gpu(hung), Format.TEXT)

    assert [line.partition("{")[0] for line in samples(text)] == ["DCGM_FI_DEV_XID_ERRORS"]


def test_only_what_is_wanted() -> None:
    """As `name[]` asks."""
    text = CompatWriter(Dialect.LEGACY).render(
        rich_snapshot(), Format.TEXT, frozenset({"DCGM_FI_DEV_GPU_TEMP"})
    )

    assert {family.name for family in parsed(text)} == {"DCGM_FI_DEV_GPU_TEMP"}


@pytest.mark.parametrize(
    ("dialect", "name"), [(Dialect.LEGACY, "legacy"), (Dialect.CURRENT, "current")]
)
def test_all_that_a_gpu_can_tell(
    dialect: Dialect, name: str, golden: Callable[[str, str], None]
) -> None:
    """Both formats parse, and say the same."""
    writer = CompatWriter(dialect)
    text = writer.render(rich_snapshot(), Format.TEXT)
    golden(f"dcgm_{name}.txt", text)
    other = writer.render(rich_snapshot(), Format.OPENMETRICS) + "# EOF\n"

    read = [
        [
            (
                sample.name.removesuffix("_total"),
                *sample[1:3],
            )  # the text parser adds it to counters
            for family in families
            for sample in family.samples
        ]
        for families in (parsed(text), parsed(other, Format.OPENMETRICS))
    ]
    assert len(read[0]) > 60
    assert read[0] == read[1]
