"""PromQL: what is rendered, and what cannot be asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import CatalogError
from catalog.metrics import clocks, events, exporter, memory, power, state, temperature
from catalog.promql import functions as q
from catalog.promql.expr import Expr, Raw, Recorded


def text(expression: Expr) -> str:
    return expression.text("gpuvitals")


def test_every_selector_carries_the_job() -> None:
    """Other exporters use some of our names too."""
    found = text(q.rate(q.select(power.ENERGY), "5m") / q.mean(q.select(power.NOW), "5m"))

    assert found == (
        'rate(gpu_energy_joules_total{job="gpuvitals"}[5m])'
        ' / avg_over_time(gpu_power_watts{job="gpuvitals"}[5m])'
    )


def test_the_job_is_the_operators() -> None:
    """The job is named when the expression is rendered, and its name is escaped."""
    assert q.select(state.UP).text('a"b') == 'gpu_up{job="a\\"b"}'


def test_matchers_are_equal_unless_they_say_otherwise() -> None:
    """An operator before the value is the matcher's."""
    found = text(q.select(events.XID_ERRORS, xid="79", action="=~reset_gpu|reboot_node"))

    assert found.endswith('{job="gpuvitals",xid="79",action=~"reset_gpu|reboot_node"}')


def test_looser_operators_are_put_in_parentheses() -> None:
    """The tree is what is meant, whatever PromQL's precedence."""
    one, two, three = (Recorded(name) for name in ("a", "b", "c"))

    assert text((one + two) * three) == "(a + b) * c"
    assert text(one + two * three) == "a + b * c"
    assert text(one - (two - three)) == "a - (b - c)"
    assert text((one > 1).and_on(two > 2, "uuid")) == "a > 1 and on (uuid) b > 2"
    assert text(Raw("x or y") / one) == "(x or y) / a"


def test_labels_of_a_gpu_are_joined_from_its_info() -> None:
    """A join names its one side's labels and survives a duplicate of the info metric."""
    found = text(q.joined(q.greatest(q.select(state.UP), "uuid"), "node"))

    assert found == (
        'max by (uuid) (gpu_up{job="gpuvitals"}) * on (uuid) group_left (node)'
        ' max by (uuid, node) (gpu_info{job="gpuvitals"})'
    )


def test_a_gauge_has_no_rate_and_a_counter_no_mean() -> None:
    """The builder knows what each kind means."""
    with pytest.raises(CatalogError, match="rate is not for gpu_memory_used_bytes, a gauge"):
        q.rate(q.select(memory.USED), "5m")
    with pytest.raises(CatalogError, match="avg_over_time is not for gpu_energy_joules_total"):
        q.mean(q.select(power.ENERGY), "5m")


def test_what_could_never_match_cannot_be_asked() -> None:
    """A label that the family lacks, a part that it has not, a window that is none."""
    with pytest.raises(CatalogError, match="gpu_up has no label link"):
        q.select(state.UP, link="0")
    with pytest.raises(CatalogError, match="is no series of"):
        q.select(exporter.COLLECTOR_DURATION)
    with pytest.raises(CatalogError, match="not a duration"):
        q.mean(q.select(clocks.CLOCK), "5 minutes")
    with pytest.raises(CatalogError, match="gpu_info has no label rack"):
        q.joined(q.select(state.UP), "rack")


def test_an_expression_knows_what_it_selects() -> None:
    """Linting walks every selector, however deep."""
    expression = q.total(
        q.ratio(q.rate(q.select(power.ENERGY), "5m"), q.mean(q.select(power.NOW), "5m"), "uuid")
    ).or_(q.absent(q.select(temperature.TEMPERATURE)))

    assert [select.metric for select in expression.selects()] == [
        power.ENERGY,
        power.NOW,
        temperature.TEMPERATURE,
    ]


@given(st.text(alphabet='ab"\\\n', max_size=8))
def test_any_label_value_is_quoted(value: str) -> None:
    """A value never ends its own quotes."""
    inner = text(q.select(state.INFO, node=value)).split('node="')[1].removesuffix('"}')

    assert "\n" not in inner
    assert inner.replace("\\\\", "").replace('\\"', "").count('"') == 0
