"""What the catalogue accepts as a metric, and what all its metrics have in common."""

import ast
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import CatalogError
from catalog.metric import Kind, Metric, Sample, Scope, Unit
from catalog.metrics import ALL, BY_NAME, INTEGRALS, named
from catalog.snapshot import unnamed

ROOT = Path(__file__).parents[2]
_PACKAGES = ("gpuvitals", "exporter", "history", "probes", "dashboards", "alerts", "slo")
SOURCES = sorted(path for package in _PACKAGES for path in (ROOT / package).rglob("*.py"))


def metric(**changes: Any) -> Metric:
    """A metric that is right but for *changes*."""
    right = {
        "name": "gpu_power_watts",
        "kind": Kind.GAUGE,
        "unit": Unit.WATTS,
        "help": "Power.",
        "source": "nvmlDeviceGetPowerUsage",
    }
    return Metric(**(right | changes))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": "gpu-power_watts"}, "is not a metric name"),
        ({"name": "Gpu_power_watts"}, "is not a metric name"),
        ({"name": "gpu_power"}, "must end in _watts"),
        ({"kind": Kind.COUNTER}, "must end in _watts_total"),
        ({"name": "gpu_errors_total", "unit": Unit.NONE}, "must not end in _total"),
        ({"buckets": (1.0,)}, "is a gauge and has no buckets"),
        ({"help": "Power"}, "must be a sentence"),
        ({"labels": ("uuid",)}, "must not own the label uuid"),
        ({"labels": ("instance",)}, "must not own the label instance"),
        ({"labels": ("le",)}, "must not own the label le"),
    ],
)
def test_wrong_metrics_are_refused(changes: dict[str, Any], complaint: str) -> None:
    """A name without its unit, a help that is no sentence, a label that is not the family's: none can be made."""
    with pytest.raises(CatalogError, match=complaint):
        metric(**changes)


def test_an_integral_has_the_unit_of_its_integrand_times_seconds() -> None:
    """Watts integrate to joules, not to seconds."""
    with pytest.raises(CatalogError, match="unit of an integral of gpu_power_watts"):
        metric(
            name="gpu_power_seconds_total",
            kind=Kind.COUNTER,
            unit=Unit.SECONDS,
            integrates=metric(),
        )


def test_none_is_no_sample_and_zero_is_one() -> None:
    """A GPU that cannot tell has no series; an idle one reports 0."""
    power = metric()

    assert list(power.reading(None)) == []
    assert list(power.reading(0)) == [Sample(power, 0.0)]


def test_labels_are_given_by_name_and_kept_in_order() -> None:
    """A sample has the values of all labels of its family, in the family's order."""
    errors = metric(labels=("type", "location"))

    (sample,) = errors.reading(1, location="dram", type="corrected")

    assert sample.labels == ("corrected", "dram")


@pytest.mark.parametrize("labels", [{}, {"type": "x", "other": "y"}])
def test_wrong_labels_are_a_bug(labels: dict[str, str]) -> None:
    """A label too many or too few is a mistake of ours and says so."""
    with pytest.raises(CatalogError, match="takes"):
        list(metric(labels=("type",)).reading(1, **labels))


def test_a_state_is_one_of_all() -> None:
    """A state set is one 0/1 sample per state, and nothing at all if the state is unknown."""
    mode = metric(name="gpu_mode", unit=Unit.NONE, labels=("mode",))

    assert [sample.value for sample in mode.states("b", ("a", "b"))] == [0.0, 1.0]
    assert list(mode.states(None, ("a", "b"))) == []


@pytest.mark.parametrize(
    ("value", "accepted"),
    [(0, True), (20_000, True), (-0.001, False), (20_000.1, False), (float("nan"), False)],
)
def test_range_is_closed(value: float, accepted: bool) -> None:  # noqa: FBT001 - a table's column
    """Both ends of the plausible range are plausible; beyond them and NaN are not."""
    assert metric().accepts(value) is accepted


@pytest.mark.parametrize("blank", [2**32 - 1, 2**64 - 1, 0x7FFFFFF0, 0x7FFFFFFFFFFFFFF2])
def test_a_blank_taken_for_milliwatts_is_not_plausible(blank: int) -> None:
    """NVML's blanks lie outside the range even if the decoder missed one."""
    assert not metric().accepts(blank / 1000)


@pytest.mark.parametrize("one", ALL, ids=lambda metric: metric.name)
def test_every_family_says_what_it_is(one: Metric) -> None:
    """Each has a prefix of ours, a help that adds to its name, and a source."""
    ours = "gpuvitals_" if one.scope is Scope.EXPORTER else "gpu_"

    assert one.name.startswith(ours)
    assert len(one.help.split()) >= 2
    assert "\n" not in one.help
    assert one.source
    assert all(label.isidentifier() and label.islower() for label in one.labels)
    assert len(set(one.labels)) == len(one.labels)


@pytest.mark.parametrize("one", ALL, ids=lambda metric: metric.name)
def test_names_hold_base_units_only(one: Metric) -> None:
    """No name speaks of milliwatts, mebibytes, percent or megahertz."""
    forbidden = ("percent", "_mb", "_mib", "_kb", "milli", "mhz", "_ms", "_mw")

    assert not [word for word in forbidden if word in one.name]


def test_what_integrates_is_counted_by_us() -> None:
    """Each integral belongs to one ratio or rate, and begins at 0 with it."""
    for integrand, integral in INTEGRALS.items():
        assert integral.kind is Kind.COUNTER
        assert integral.labels == integrand.labels
        assert "gpuvitals" in integral.source


def test_a_metric_is_found_by_its_name() -> None:
    """The catalogue knows its families by name, and says so of a name that it does not have."""
    assert all(named(name) is metric for name, metric in BY_NAME.items())
    with pytest.raises(CatalogError, match="there is no metric 'gpu_powr_watts'"):
        named("gpu_powr_watts")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_spelled_once(path: Path) -> None:
    """Outside the catalogue no code writes a metric name; a docstring may."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
    }
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    } - docs

    assert not [text for text in texts for name in BY_NAME if name in text]


def test_a_gpu_without_a_uuid_has_a_stand_in() -> None:
    """Two GPUs that have not told their UUID are told apart by their index."""
    assert unnamed(0) != unnamed(1)
