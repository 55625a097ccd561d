"""The embedded history and a real Prometheus count the same events, whatever went wrong with the scrapes."""

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from catalog.errors import ConfigError, HistoryError
from catalog.metrics import availability, utilization
from catalog.promql.expr import Aggregate, Binary, Foreign, Number, Raw
from catalog.snapshot import Layout, Reading
from history.counted import Asked, Counting, Found, Gains, Refused, Steps, Values
from history.database import Database
from history.embedded import EmbeddedCounting
from history.prometheus import PrometheusCounting
from history.prometheus_api import Instant, PrometheusApi
from history.rollup import Rollup
from history.sqlite import SqliteHistory
from tests.servers import free_port
from tests.slo.backfill import Past
from tests.slo.reference import Samples, events
from tests.slo.scrapes import DAY, END, SERVICES, Service

DAYS = 2
START = END - DAYS * DAY
LAYOUT = Layout(
    (
        (availability.EXPECTED, ()),
        (availability.AVAILABLE, ()),
        (utilization.UTILIZATION, ()),
    )
)
_SHIFT = 7.3
"""Seconds: a sample on the full minute is of the minute before to Prometheus, and of the next one to us."""


def recent(samples: Samples) -> Samples:
    return [(at + _SHIFT, value) for at, value in samples if at >= START - 3600]


def utilised(at: float) -> float:
    """A gauge that is low now and then."""
    return 0.5 if at % 3000 < 400 else 0.9


GPUS: Mapping[str, Service] = {
    name: {code: recent(samples) for code, samples in service.items()}
    for name, service in SERVICES.items()
}


def openmetrics() -> Iterator[str]:
    for metric, code in ((availability.EXPECTED, "200"), (availability.AVAILABLE, "500")):
        yield f"# TYPE {metric.name.removesuffix('_total')} counter\n"
        for uuid, service in GPUS.items():
            series = f'{metric.name}{{uuid="{uuid}",job="gpuvitals"}}'
            yield from (f"{series} {value:.0f} {at:.3f}\n" for at, value in service[code])
    yield f"# TYPE {utilization.UTILIZATION.name} gauge\n"
    for uuid, service in GPUS.items():
        series = f'{utilization.UTILIZATION.name}{{uuid="{uuid}",job="gpuvitals"}}'
        yield from (f"{series} {utilised(at)} {at:.3f}\n" for at, _ in service["200"])
    yield "# EOF\n"


@pytest.fixture(scope="module")
def prometheus(
    tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Counting]:
    """All samples in a real one."""
    past = Past(tool, tmp_path_factory.mktemp("prometheus"))
    past.scrapes(openmetrics())
    with past.server() as server:
        yield PrometheusCounting(PrometheusApi(server.url))


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counting]:
    """The same samples, as an exporter would have kept them."""
    with Database.open(tmp_path_factory.mktemp("state")) as database:
        history, rollup = SqliteHistory(database), Rollup()
        for uuid, service in GPUS.items():
            for (at, all_), (_, bad) in zip(service["200"], service["500"], strict=True):
                values = (all_, bad, utilised(at))
                rollup.observe(uuid, Reading(at=at, layout=LAYOUT, values=values))
        history.append(rollup.flush(END + 60))
        yield EmbeddedCounting(history)


def gains(selector: str, width: int, by: tuple[str, ...] = ("uuid",)) -> Gains:
    steps = Steps(end=END, width=width, count=DAYS * DAY // width)
    return Gains(counter=Foreign(selector), by=by, steps=steps)


def answered(counting: Counting, asked: Asked) -> Found:
    (found,) = counting.count([asked])
    assert not isinstance(found, Refused), found.reason
    return found


def whole(values: "list[float]") -> float:
    return math.fsum(value for value in values if not math.isnan(value))


@pytest.mark.tools
@pytest.mark.parametrize("width", [60, 300])
@pytest.mark.parametrize("code", ["200", "500"])
def test_both_count_what_the_samples_say(
    prometheus: Counting, embedded: Counting, code: str, width: int
) -> None:
    """The events of two days: exact on steady scrapes, within 0.1 % where scrapes fail and counters restart."""
    metric = availability.EXPECTED if code == "200" else availability.AVAILABLE
    both = [answered(one, gains(metric.name, width)) for one in (prometheus, embedded)]

    for uuid, service in GPUS.items():
        wanted = events([service[code]], START, END)
        tolerance = 1e-9 if uuid in {"steady", "bursty", "irregular"} else 1e-3
        for found in both:
            assert whole(list(found[(uuid,)])) == pytest.approx(wanted, rel=tolerance)


@pytest.mark.tools
def test_both_agree_in_each_tile(prometheus: Counting, embedded: Counting) -> None:
    """On steady scrapes, tile by tile and for all GPUs together."""
    one, other = (
        answered(each, gains(f'{availability.AVAILABLE.name}{{job="gpuvitals"}}', 300))
        for each in (prometheus, embedded)
    )

    assert list(one[("bursty",)]) == pytest.approx(list(other[("bursty",)]), rel=1e-9)
    assert one.keys() == other.keys() == {(uuid,) for uuid in GPUS}


@pytest.mark.tools
def test_both_select_and_sum_alike(prometheus: Counting, embedded: Counting) -> None:
    """Matchers of each kind; without labels to group by there is one line."""
    name = availability.EXPECTED.name
    selector = f'{name}{{uuid=~"steady|bursty|all",uuid!="all",job="gpuvitals"}}'

    one, other = (answered(each, gains(selector, 300, ())) for each in (prometheus, embedded))

    assert one.keys() == other.keys() == {()}
    assert list(one[()]) == pytest.approx(list(other[()]), rel=1e-9)


def test_what_only_targets_have_makes_one_group(embedded: Counting) -> None:
    """A node is of one pool, whose name only its Prometheus knows."""
    asked = gains(availability.EXPECTED.name, 300, ("pool", "uuid"))

    assert answered(embedded, asked).keys() == {("", uuid) for uuid in GPUS}


@pytest.mark.tools
def test_both_judge_slices_of_time_alike(prometheus: Counting, embedded: Counting) -> None:
    """Whether the lowest of some GPUs kept a threshold, minute by minute."""
    asked = Values(
        expr=Binary(
            ">= bool",
            Aggregate("min", (), Raw(f'{utilization.UTILIZATION.name}{{uuid=~"steady|bursty"}}')),
            Number(0.8),
        ),
        by=(),
        steps=Steps(end=END, width=60, count=DAYS * DAY // 60),
    )

    one, other = (answered(each, asked)[()] for each in (prometheus, embedded))

    assert list(one) == list(other)
    assert set(one) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("selector", "by", "reason"),
    [
        ("http_requests_total", (), "does not keep http_requests_total"),
        ("gpu_clock_hertz", (), "gpu_clock_hertz is a gauge, where a counter is expected"),
        ('gpu_expected_seconds_total{cluster="a"}', (), "by uuid, not by cluster"),
        ("gpu_expected_seconds_total", ("gpu",), "by uuid, not by gpu"),
        ('gpu_expected_seconds_total{gpu="0"}', (), "by uuid, not by gpu"),
        ('gpu_expected_seconds_total{uuid=~"("}', (), "unterminated subpattern"),
    ],
)
def test_the_embedded_history_says_what_it_cannot_tell(
    embedded: Counting, selector: str, by: tuple[str, ...], reason: str
) -> None:
    """A metric that is not kept, or a label that nobody kept, is no zero."""
    (found,) = embedded.count([gains(selector, 300, by)])

    assert isinstance(found, Refused)
    assert reason in found.reason


@pytest.mark.tools
def test_a_query_that_is_wrong_is_refused_alone(prometheus: Counting) -> None:
    """With what the server said of it; the others are answered."""
    steps = Steps(end=END, width=300, count=12)
    wrong = Values(expr=Raw("sum by (uuid) (up"), by=("uuid",), steps=steps)

    refused, found = prometheus.count([wrong, gains(availability.EXPECTED.name, 300)])

    assert isinstance(refused, Refused)
    assert "parse error" in refused.reason
    assert "asked: sum by (uuid) (up" in refused.reason
    assert not isinstance(found, Refused)


def test_a_server_that_is_not_there_is_named() -> None:
    """Its address, without the password in it, and why."""
    url = f"http://me:secret@127.0.0.1:{free_port()}/prefix"

    with pytest.raises(
        HistoryError, match=r"^http://127\.0\.0\.1:\d+/prefix cannot be asked"
    ) as no:
        PrometheusApi(url).ask([Instant(promql="up", at=END)])
    assert "secret" not in str(no.value)


@pytest.mark.parametrize("url", ["localhost:9090", "", "ftp://x", "http://"])
def test_what_is_no_address_is_said(url: str) -> None:
    """Before anything is asked."""
    with pytest.raises(ConfigError, match="is no address of a Prometheus; write http://HOST:9090"):
        PrometheusApi(url)
