"""Our line writer against prometheus_client, its oracle, and against promtool."""

import math
import subprocess
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from catalog import histogram
from catalog.metric import Kind, Metric, Sample, Unit
from catalog.metrics import (
    ALL,
    clocks,
    ecc,
    events,
    memory,
    modes,
    pcie,
    power,
    state,
    utilization,
)
from catalog.snapshot import Exemplar, GpuView, Identity, Layout, Reading, Snapshot, Tier
from exporter.exposition import Exposition, Format
from exporter.health.watch import Watch, Wiring
from exporter.hub import Hub
from exporter.intake import Intake
from exporter.integrals import Integrals
from exporter.prometheus import Instruments
from tests.exporter.child import NOW, Child
from tests.exporter.parsing import names, parsed
from tests.probes.devices import SYSTEM, FakeDriver, rich

# Of each kind and unit, with 0 to 11 labels, help texts with and without odd characters.
FAMILIES = (
    state.INFO,
    utilization.UTILIZATION,
    memory.USED,
    power.NOW,
    power.ENERGY,
    clocks.CLOCK,
    clocks.EVENT_SECONDS,
    ecc.ERRORS,
    pcie.REPLAYS,
    pcie.RECEIVE,
    modes.COMPUTE_MODE,
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["", '"', "\\", "\n", '\\n"', "a\\\nb", "ü 東京 🙂", "\r", "\x00", "\u2028", " x ", "}"]
)


def values(metric: Metric) -> st.SearchStrategy[float]:
    """Any value that may be exported, the ends and the smallest included."""
    low, high = map(float, metric.plausible)
    return st.floats(low, high, allow_subnormal=True) | st.sampled_from(
        [low, high, math.nextafter(high, low), -0.0 if low <= 0 else low]
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Some GPUs with any names, states, series and values."""
    snapshot = Snapshot(driver_up=True)
    for index in range(draw(st.integers(0, 3))):
        uuid = f"{index}{draw(TEXTS)}"
        identity = Identity(uuid=uuid, index=index, model="", pci_bus_id="")
        chosen = draw(st.lists(st.sampled_from(FAMILIES), unique=True))
        series = tuple((metric, tuple(draw(TEXTS) for _ in metric.labels)) for metric in chosen)
        told = tuple(draw(values(metric)) for metric in chosen)
        view = GpuView(identity=identity, state=draw(st.sampled_from(state.STATES)))
        at = draw(st.floats(0, 2e9))
        reading = Reading(at=at, layout=Layout(series), values=told)
        snapshot = snapshot.with_gpu(view.with_reading(Tier.FAST, reading))
    return snapshot


class Oracle:
    """The same samples, written by prometheus_client."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Family]:
        """Families in the order of the catalogue."""
        families: dict[Metric, Family] = {}
        for view in self._snapshot.gpus.values():
            for sample in samples(view):
                metric = sample.metric
                if metric not in families:
                    families[metric] = self._family(metric)
                self._add(families[metric], view, sample)
        yield from sorted(families.values(), key=lambda family: ORDER[family.name])

    def _family(self, metric: Metric) -> Family:
        kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
        labels = ("gpu", "uuid", *metric.labels)
        return kind(metric.name, metric.help, labels=labels, unit=metric.unit.value)

    def _add(self, family: Family, view: GpuView, sample: Sample) -> None:
        assert isinstance(family, (CounterMetricFamily, GaugeMetricFamily))
        identity = view.identity
        family.add_metric((str(identity.index), identity.uuid, *sample.labels), sample.value)


ORDER = {metric.name.removesuffix("_total"): place for place, metric in enumerate(ALL)}


def samples(view: GpuView) -> Iterator[Sample]:
    """What is exported of one GPU."""
    yield from state.UP.reading(view.readable)
    yield from state.STATE.states(view.state, state.STATES)
    yield from state.LAST_READ.reading(view.last_read or None)
    for reading in view.current():
        yield from reading.samples()


def plain(families: Iterable[Family]) -> list[object]:
    """Families as plain values that can be compared."""
    return [
        (
            family.name,
            family.type,
            family.unit,
            family.documentation,
            [(sample.name, sample.labels, sample.value) for sample in family.samples],
        )
        for family in families
    ]


@given(snapshots())
def test_text_equals_prometheus_client(snapshot: Snapshot) -> None:
    """After parsing, our text format is what prometheus_client writes, whatever the labels and values."""
    registry = CollectorRegistry()
    registry.register(Oracle(snapshot))

    ours = Exposition().render(snapshot, Format.TEXT)

    theirs = generate_latest(registry).decode()
    assert plain(parsed(ours)) == plain(parsed(theirs))


@given(snapshots())
def test_openmetrics_equals_prometheus_client(snapshot: Snapshot) -> None:
    """After parsing, our OpenMetrics is what prometheus_client writes, units and all."""
    registry = CollectorRegistry()
    registry.register(Oracle(snapshot))

    ours = Exposition().render(snapshot, Format.OPENMETRICS) + "# EOF\n"

    theirs = openmetrics.generate_latest(registry).decode()  # type: ignore[no-untyped-call] # untyped upstream
    assert plain(parsed(ours, Format.OPENMETRICS)) == plain(parsed(theirs, Format.OPENMETRICS))


@given(snapshots())
def test_writing_again_changes_nothing(snapshot: Snapshot) -> None:
    """What is kept between two renderings does not change them."""
    exposition = Exposition()

    first = exposition.render(snapshot, Format.TEXT)

    assert exposition.render(snapshot, Format.TEXT) == first
    assert Exposition().render(snapshot, Format.TEXT) == first


def test_layouts_that_are_gone_cost_nothing() -> None:
    """Series that change with every reading, as those of short programs do, do not add up in memory."""
    exposition, identity = Exposition(), Identity(uuid="GPU-a", index=0, model="", pci_bus_id="")

    def scrape(times: int) -> None:
        for number in range(times):
            series = tuple((clocks.CLOCK, (f"{number}-{place}",)) for place in range(20))
            reading = Reading(at=NOW, layout=Layout(series), values=(1.0,) * len(series))
            view = GpuView(identity=identity, state="ok").with_reading(Tier.FAST, reading)
            exposition.render(Snapshot().with_gpu(view), Format.TEXT)

    tracemalloc.start()
    scrape(50)
    before, _ = tracemalloc.get_traced_memory()
    scrape(500)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert after - before < 1_000_000  # of 6 MB; CPython keeps some dead tuples


SWITCHES = Reading(
    at=NOW,
    layout=Layout(
        (
            (events.SXID_ERRORS, ("00000000:A9:00.0", "20034", "reset_gpu")),
            (events.SXID_LAST, ("00000000:A9:00.0", "20034", "reset_gpu")),
        )
    ),
    values=(2.0, NOW),
)


def rich_snapshot() -> Snapshot:
    """Two GPUs that tell everything, read twice, and what we count of them; and one that is hung."""
    integrals = Integrals({})
    hub = Hub()
    wiring = Wiring(
        spend=integrals.spend,
        publish=lambda *_: None,
        happened=lambda _: None,
        wall=lambda: NOW,
        steady=lambda: NOW,
    )
    intake = Intake(Watch(hub, wiring), Instruments(), lambda _: None)
    child = Child(intake.hear, FakeDriver([rich(index) for index in range(3)], SYSTEM), every=True)
    for second in (0.0, 1.0):
        child.read(NOW + second)
        for uuid, view in hub.latest.gpus.items():
            for tier, reading in view.readings.items():
                if tier is not Tier.DERIVED:
                    integrals.observe(uuid, tier, reading)
            hub.reading(uuid, Tier.DERIVED, integrals.reading(uuid, NOW + second))
    child.health(2, "hung", "a call has not returned for 4 s")
    hub.node("switches", SWITCHES)
    return hub.latest


def test_the_whole_exposition(golden: Callable[[str, str], None]) -> None:
    """Every family of a GPU, as text, in the order of the catalogue; a hung GPU shows no gauge."""
    golden("metrics.txt", Exposition().render(rich_snapshot(), Format.TEXT))


def test_both_formats_say_the_same() -> None:
    """OpenMetrics has the samples of the text format, in the same order."""
    snapshot = rich_snapshot()
    text = parsed(Exposition().render(snapshot, Format.TEXT))
    other = parsed(
        Exposition().render(snapshot, Format.OPENMETRICS) + "# EOF\n", Format.OPENMETRICS
    )

    both = [
        [sample for family in families for sample in family.samples] for families in (text, other)
    ]

    assert len(both[0]) > 300
    assert both[0] == both[1]


@pytest.mark.tools
def test_promtool_accepts_it(tool: Callable[[str], Path]) -> None:
    """`promtool check metrics` has nothing to say about the golden file."""
    golden_file = Path(__file__).parents[1] / "golden" / "metrics.txt"

    checked = subprocess.run(
        [tool("promtool"), "check", "metrics"],
        input=golden_file.read_text(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_only_what_is_wanted_is_written() -> None:
    """A family that nobody wants has neither header nor sample."""
    text = Exposition().render(
        rich_snapshot(), Format.TEXT, lambda metric: metric in (power.NOW, state.UP)
    )

    assert names(text) == {"gpu_power_watts", "gpu_up"}


def test_no_gpu_is_no_text() -> None:
    """Without GPUs there is no family without samples."""
    assert Exposition().render(Snapshot(), Format.TEXT) == ""


LATENCY = Metric(
    name="gpu_test_latency_seconds",
    kind=Kind.HISTOGRAM,
    unit=Unit.SECONDS,
    help="A test.",
    source="gpuvitals",
    labels=("way",),
    buckets=(1e-5, 0.5),
)


def histogram_view(exemplars: dict[int, Exemplar]) -> GpuView:
    """A GPU whose only reading is a histogram of three observations."""
    series = tuple((LATENCY, ("up", part)) for part in histogram.parts(LATENCY))
    values = histogram.increases(LATENCY, [2e-6, 0.25, 3.0])
    reading = Reading(at=NOW, layout=Layout(series), values=values, exemplars=exemplars)
    identity = Identity(uuid="GPU-a", index=0, model="", pci_bus_id="")
    return GpuView(identity=identity, state="ok").with_reading(Tier.PROBED, reading)


def test_a_histogram_of_a_gpu_is_what_prometheus_client_writes() -> None:
    """Buckets, count and sum, in both formats; an exemplar only in OpenMetrics, which has a place for it."""
    at = 1_700_000_000.5
    snapshot = Snapshot().with_gpu(
        histogram_view({1: Exemplar(trace_id="ab12", value=0.25, at=at)})
    )
    exposition = Exposition((*state.FAMILIES, LATENCY))
    registry = CollectorRegistry()
    theirs = Histogram(
        "gpu_test_latency", "A test.", ("gpu", "uuid", "way"), registry=registry, **_AS_OURS
    ).labels("0", "GPU-a", "up")
    theirs.observe(2e-6)
    theirs.observe(0.25, {"trace_id": "ab12"})
    theirs.observe(3.0)

    texts = {fmt: exposition.render(snapshot, fmt, lambda m: m is LATENCY) for fmt in Format}

    (ours,) = parsed(texts[Format.OPENMETRICS] + "# EOF\n", Format.OPENMETRICS)
    (family,) = registry.collect()
    own = [sample for sample in family.samples if not sample.name.endswith("_created")]
    assert [sample[:3] for sample in ours.samples] == [sample[:3] for sample in own]
    assert [(s.exemplar.labels, s.exemplar.value) for s in ours.samples if s.exemplar] == [
        ({"trace_id": "ab12"}, 0.25)
    ]
    assert "ab12" not in texts[Format.TEXT]
    (plain_family,) = parsed(texts[Format.TEXT])
    assert [s[:3] for s in plain_family.samples] == [s[:3] for s in own]


_AS_OURS: dict[str, Any] = {"unit": "seconds", "buckets": LATENCY.buckets}


def test_series_of_the_node_name_no_gpu() -> None:
    """They have the labels of their family, as prometheus_client would write them."""
    text = Exposition().render(Snapshot().with_node("switches", SWITCHES), Format.TEXT)

    first, last = parsed(text)
    assert [(sample.labels, sample.value) for sample in first.samples] == [
        ({"nvswitch": "00000000:A9:00.0", "sxid": "20034", "action": "reset_gpu"}, 2.0)
    ]
    assert last.samples[0].value == NOW
