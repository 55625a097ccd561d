"""The prober with real children on simulated GPUs: what it runs, what it refuses, what it finds and whom it tells."""

import asyncio
import os
from dataclasses import replace

import pytest

from catalog.event import EventKind
from catalog.metrics import exporter
from catalog.probe_skip import Skip
from catalog.snapshot import Tier
from exporter.probing.process import Process
from exporter.probing.process import start as start_child
from exporter.probing.totals import AT_ZERO
from probes.active.baseline import RUNS
from probes.active.record import Health
from probes.active.task import BY_NAME
from probes.sim.workload import Profile
from tests.exporter.probing.house import House
from tests.exporter.probing.test_life import Undying
from tests.exporter.server import children, eventually


async def test_every_probe_is_healthy_on_a_healthy_gpu() -> None:
    """All seven, a pair included: each gives a verdict, counts one success and learns."""
    house = House(gpus=2)

    records = {task: await house.probe(task) for task in BY_NAME if task != "peer-link"}
    await house.probe("peer-link")

    assert {record.verdict for record in records.values()} == {Health.HEALTHY}
    (pair,) = [key for key in house.kept[house.uuids[0]] if key.startswith("peer-link ")]
    assert pair.endswith(house.uuids[1])
    for task in BY_NAME:
        assert house.total("gpu_probe_runs_total", task, "success") == 1
    assert house.value(Tier.PROBED, "gpu_probe_success", "peer-link") == 1
    assert house.value(Tier.PROBE_TOTALS, "gpu_probe_latency_seconds", "count") == 200
    assert house.total("gpu_probe_verified_bytes_total", "memory-sweep") == 4 * 1024**3
    assert house.events == []


async def test_a_flipped_bit_has_failed() -> None:
    """One event that says what and where; the next good run is another event."""
    house = House()
    house.fault(gpu=0, kind="probe_failure", probe="compute-integrity", seconds=60)

    failed = await house.probe("compute-integrity")
    house.now += 61
    recovered = await house.probe("compute-integrity")

    assert (failed.verdict, failed.outcome) == (Health.FAILED, "failed")
    assert recovered.verdict is Health.HEALTHY
    assert [event.kind for event in house.events] == [
        EventKind.PROBE_FAILED,
        EventKind.PROBE_RECOVERED,
    ]
    assert "in place of" in house.events[0].message
    assert house.total("gpu_probe_runs_total", "compute-integrity", "failed") == 1


async def test_lost_bandwidth_is_degraded() -> None:
    """A quarter of the bandwidth is below the floor, and teaches no baseline."""
    house = House()
    house.fault(gpu=0, kind="bandwidth_loss", left=0.25)

    record = await house.probe("memory-bandwidth")

    assert record.verdict is Health.DEGRADED
    assert record.baselines == {}
    assert house.events[0].kind is EventKind.PROBE_DEGRADED
    assert "below the floor" in house.events[0].message
    assert house.value(Tier.PROBED, "gpu_probe_success", "memory-bandwidth") == 0
    ratio = house.value(Tier.PROBED, "gpu_probe_peak_ratio", "memory-bandwidth", "read")
    assert ratio == pytest.approx(0.24, abs=0.01)


async def test_a_slow_clock_shows_in_the_latency_after_three_runs() -> None:
    """Nothing else says so: the clock is stuck and no reason is given."""
    house = House()
    for _ in range(RUNS):
        await house.probe("kernel-latency")
        house.now += 600
    house.fault(gpu=0, kind="clock_stuck", mhz=345)

    found = [(await house.probe("kernel-latency")).verdict for _ in range(3)]

    assert found == [Health.HEALTHY, Health.HEALTHY, Health.DEGRADED]


async def test_a_link_that_came_up_slower_is_degraded() -> None:
    """Held to what the slot can do."""
    house = House()
    house.fault(gpu=0, kind="pcie_downtrain", generation=3, width=8)

    record = await house.probe("host-link")

    assert record.verdict is Health.DEGRADED
    assert (record.seen["host_to_device"].share or 1) < 0.12


async def test_above_the_peak_is_rejected_counted_and_never_learned() -> None:
    """It is a bug of the probe: no verdict, no gauge, no baseline."""
    house = House()
    house.fault(gpu=0, kind="probe_failure", probe="memory-bandwidth", outcome="above_peak")

    record = await house.probe("memory-bandwidth")

    assert (record.outcome, record.verdict, record.baselines) == ("invalid", None, {})
    assert "above the peak" in record.message
    assert house.total("gpu_probe_runs_total", "memory-bandwidth", "invalid") == 1
    assert (
        house.value(
            Tier.PROBED, "gpu_probe_bandwidth_bytes_per_second", "memory-bandwidth", "read"
        )
        is None
    )


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        ("error", "driver_error"),
        ("crash", "crashed"),
        ("garbage", "garbage"),
        ("half_line", "half_line"),
        ("two_lines", "two_lines"),
        ("no_line", "no_line"),
        ("flood", "flooded"),
    ],
)
async def test_no_answer_is_an_error_with_its_reason(outcome: str, reason: str) -> None:
    """The verdict stays as it was, the next turn is a skip, and nothing of the child stays."""
    house = House()
    await house.probe("memory-integrity")
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - of ourselves
    house.now += 600
    house.fault(gpu=0, kind="probe_failure", outcome=outcome, seconds=60)

    record = await house.probe("memory-integrity")
    house.now += 600
    await house.probe("memory-integrity")

    assert (record.outcome, record.reason, record.verdict) == ("error", reason, Health.HEALTHY)
    assert house.total("gpu_probe_runs_total", "memory-integrity", "error") == 1
    assert house.total("gpu_probe_skips_total", "memory-integrity", "back_off") == 1
    assert house.events == []
    assert children(os.getpid()) == []
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


async def test_a_child_that_cannot_be_killed_blocks_its_gpu_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No second child starts on that GPU until the first has ended; the others are probed as ever."""
    for name in ("KILL", "_PATIENCE"):
        monkeypatch.setattr(f"exporter.probing.life.{name}", 0.01)
    monkeypatch.setattr("exporter.probing.life.live.__defaults__", (0.01,))
    undying = Undying()
    stuck = [True]

    def start(module: str, order: bytes) -> Process:
        return undying if stuck.pop() else start_child(module, order)

    house = House(gpus=2, starting=start, pace=replace(House.pace, deadline=0.05, settle=0.0))

    first = await house.probe("kernel-latency")
    stuck.append(False)
    house.now += 3600
    await house.probe("memory-integrity")
    other = await house.probe("memory-integrity", gpu=1)

    assert first.reason == "timeout"
    assert house.counted == [exporter.PROBES_ABANDONED]
    assert house.total("gpu_probe_skips_total", "memory-integrity", "child_stuck") == 1
    assert other.outcome in ("success", "error")
    undying.ended.set_result(0)
    house.settings = replace(house.settings, pace=House.pace)
    house.prober.configure(house.settings, other_source=False)
    stuck.append(False)
    assert (await house.probe("memory-integrity")).outcome == "success"


async def test_release_ends_the_child_first() -> None:
    """When it returns no child lives, nothing was found, and what is due is skipped until GPUs are found again."""
    house = House()
    house.fault(gpu=0, kind="probe_failure", outcome="timeout")
    turn = asyncio.ensure_future(house.probe("memory-integrity"))
    await asyncio.to_thread(eventually, lambda: children(os.getpid()))

    await asyncio.wait_for(house.prober.release(), 60.0)

    assert children(os.getpid()) == []
    assert (await turn).outcome == ""
    await house.probe("kernel-latency")
    assert house.total("gpu_probe_skips_total", "memory-integrity", "released") == 1
    assert house.total("gpu_probe_skips_total", "kernel-latency", "released") == 1
    house.prober.welcome(house.uuids[0])
    assert (await house.probe("kernel-latency")).outcome == "success"


async def test_a_busy_gpu_is_probed_as_soon_as_it_is_idle() -> None:
    """Class B is skipped with a reason, class A is not; the skip is made up for half a minute after the tenant left."""
    house = House(workload=Profile.TRAINING)
    uuid = house.uuids[0]
    await house.probe("memory-bandwidth")
    await house.probe("memory-integrity")

    house.views = {uuid: House().views[uuid]}
    for _ in range(5):
        house.prober.observe(uuid)
        house.now += 10

    assert house.total("gpu_probe_skips_total", "memory-bandwidth", "busy") == 1
    assert house.total("gpu_probe_runs_total", "memory-integrity", "success") == 1
    assert house.prober.due(uuid, "memory-bandwidth") == 0.0
    assert house.total("gpu_probe_eligible_seconds_total") == 40.0


async def test_beside_a_tenant_a_latency_is_not_compared() -> None:
    """It waits for the tenant's kernels: that is no defect, and no baseline."""
    house = House(workload=Profile.TRAINING)

    record = await house.probe("kernel-latency")

    assert record.verdict is Health.HEALTHY
    assert record.baselines == {}


async def test_a_probe_that_is_off_is_a_skip() -> None:
    """Nobody takes silence for health."""
    house = House(enabled=frozenset())

    record = await house.probe("kernel-latency")

    assert record.outcome == ""
    assert house.total("gpu_probe_skips_total", "kernel-latency", "disabled") == 1


async def test_a_new_skip_is_shown_at_zero_first() -> None:
    """Prometheus would lose the first increment of a series that begins at 1."""
    house = House(enabled=frozenset())
    skips = ("gpu_probe_skips_total", "kernel-latency", "disabled")

    await house.probe("kernel-latency")
    first = house.value(Tier.PROBE_TOTALS, *skips)
    house.now += AT_ZERO
    await house.probe("kernel-latency")

    assert (first, house.value(Tier.PROBE_TOTALS, *skips)) == (0, 2)


async def test_skips_are_a_bounded_number_of_series() -> None:
    """All reasons of all probes would be more series than a GPU may have; each is counted all the same."""
    house = House()
    totals = house.prober.ward.totals

    for task in BY_NAME:
        for reason in Skip:
            totals.skipped(house.uuids[0], task, reason, house.now)

    counts = {
        key.labels: count
        for key, count in totals.totals.items()
        if key.metric.name == "gpu_probe_skips_total"
    }
    assert len(counts) <= 16 + len(Skip)
    assert sum(counts.values()) == len(BY_NAME) * len(Skip)
    assert {reason for _, reason in counts} == {reason.value for reason in Skip}


async def test_our_own_child_is_no_tenant() -> None:
    """Memory errors are read before and after a run, and the processes once the child has gone."""
    house = House()

    await house.probe("memory-bandwidth")

    assert house.read == [Tier.SLOW, Tier.SLOW, Tier.FAST]


async def test_a_pair_is_paid_for_by_both() -> None:
    """A copy keeps two GPUs busy, and each has its own budget."""
    house = House(gpus=2)

    await house.probe("peer-link")

    left = [patient.budget.left(house.now) for patient in house.prober.ward.patients.values()]
    assert left == [pytest.approx(1.9), pytest.approx(1.9)]


async def test_a_reload_holds_at_once() -> None:
    """What is switched off is skipped from then on; another source forgets the GPUs, not what was learned."""
    house = House()
    await house.probe("kernel-latency")

    house.prober.configure(replace(house.settings, enabled=frozenset()), other_source=False)
    await house.probe("kernel-latency")

    assert house.total("gpu_probe_skips_total", "kernel-latency", "disabled") == 1
    house.prober.configure(house.settings, other_source=True)
    assert house.prober.due(house.uuids[0], "kernel-latency") is None
    house.prober.welcome(house.uuids[0])
    records = house.prober.ward.patients[house.uuids[0]].records
    assert records["kernel-latency"].verdict is Health.HEALTHY


async def test_the_budget_stops_even_what_is_due() -> None:
    """A GPU whose probes took longer than they may is left alone for a while."""
    house = House()
    house.prober.ward.patients[house.uuids[0]].budget.spend(2.0, house.now)

    await house.probe("memory-bandwidth")

    assert house.total("gpu_probe_skips_total", "memory-bandwidth", "budget") == 1


async def test_one_child_at_a_time_on_the_whole_node() -> None:
    """With all slots due at once no two children live together."""
    alive, most = set[int](), [0]

    def start(module: str, order: bytes) -> Process:
        child = start_child(module, order)
        alive.add(child.pid)
        most[0] = max(most[0], len(alive))
        child.ended.add_done_callback(lambda _: alive.discard(child.pid))
        return child

    house = House(gpus=2, starting=start)
    running = asyncio.ensure_future(house.prober.run())
    house.now += 7200
    house.prober._wake.set()
    await asyncio.to_thread(eventually, lambda: len(house.verdicts) >= 6)
    await house.prober.close()
    await running

    assert most == [1]


async def test_what_was_learned_survives() -> None:
    """Another prober with what the first kept goes on with baseline, verdict, totals and gauges."""
    house = House()
    for _ in range(RUNS):
        await house.probe("kernel-latency")
        house.now += 600
    kept = {uuid: dict(records) for uuid, records in house.kept.items()}

    again = House(kept=kept, totals=dict(house.prober.ward.totals.totals))

    record = again.prober.ward.patients[again.uuids[0]].records["kernel-latency"]
    assert len(record.baselines["launch"]) == RUNS
    assert again.value(Tier.PROBED, "gpu_probe_success", "kernel-latency") == 1
    assert again.total("gpu_probe_runs_total", "kernel-latency", "success") == RUNS
    assert again.shown[again.uuids[0], Tier.PROBED].at == record.ran_at


async def test_baselines_are_reset_by_hand() -> None:
    """Of one probe or of all; verdicts stay."""
    house = House(gpus=2)
    await house.probe("kernel-latency")
    await house.probe("memory-bandwidth")

    assert await house.prober.ward.reset(house.uuids[0], "kernel-latency") == 1
    records = house.kept[house.uuids[0]]
    assert records["kernel-latency"].baselines == {}
    assert records["kernel-latency"].verdict is Health.HEALTHY
    assert records["memory-bandwidth"].baselines != {}
    assert await house.prober.ward.reset("", "") == 2


async def test_an_exemplar_leads_to_the_run() -> None:
    """Buckets that were filled name the trace of the run that filled them last."""
    house = House()

    record = await house.probe("kernel-latency")

    reading = house.shown[house.uuids[0], Tier.PROBE_TOTALS]
    assert {exemplar.trace_id for exemplar in reading.exemplars.values()} == {record.trace_id}
    assert len(record.trace_id) == 32
