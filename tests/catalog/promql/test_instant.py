"""Expressions over the newest samples: what Prometheus answers to the same question over the same samples."""

import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from catalog.errors import CatalogError
from catalog.metrics import allocation, events, state
from catalog.promql import functions as q
from catalog.promql import instant
from catalog.promql.expr import Expr
from catalog.promql.instant import Labels
from tests.exporter.server import eventually
from tests.prometheus import Prometheus, running

JOB = "j"
SAMPLES = {
    state.UP: [({"uuid": "a", "gpu": "0"}, 1.0), ({"uuid": "b", "gpu": "1"}, 0.0)],
    state.INFO: [
        ({"uuid": "a", "gpu": "0", "node": "n1", "model": "H100"}, 1.0),
        ({"uuid": "b", "gpu": "1", "node": "n2", "model": ""}, 1.0),
    ],
    state.STATE: [
        ({"uuid": uuid, "gpu": gpu, "state": name}, float(name == held))
        for uuid, gpu, held in (("a", "0", "ok"), ("b", "1", "lost"))
        for name in ("ok", "lost", "hung")
    ],
    events.XID_ERRORS: [
        ({"uuid": "a", "gpu": "0", "xid": "79", "action": "reboot_node"}, 2.0),
        ({"uuid": "a", "gpu": "0", "xid": "48", "action": "reset_gpu"}, 0.0),
        ({"uuid": "b", "gpu": "1", "xid": "79", "action": "reboot_node"}, 1e21),
    ],
    events.XID_LAST: [({"uuid": "a", "gpu": "0", "xid": "79", "action": "reboot_node"}, 4e9)],
    allocation.INFO: [({"uuid": "a", "gpu": "0", "namespace": "x"}, 1.0)],
}
_UP, _INFO, _XIDS = q.select(state.UP), q.select(state.INFO), q.select(events.XID_ERRORS)
EXPRESSIONS: dict[str, Expr] = {
    "equal": _UP.equals(0),
    "not_equal": q.select(state.STATE, state="!=lost") > 0,
    "regular_expression": q.select(state.STATE, state="=~lo.*|hung"),
    "no_regular_expression": q.select(state.STATE, state="!~lo.*"),
    "missing_label": q.select(state.INFO, model=""),
    "count": q.count(_XIDS, "xid"),
    "sum_of_all": q.total(_XIDS),
    "least": q.least(_UP, "uuid"),
    "greatest": q.greatest(_INFO, "node", "model"),
    "joined": q.joined(q.greatest(_XIDS, "uuid", "xid"), "node"),
    "and_on": _XIDS.and_on((q.now() - q.select(events.XID_LAST)) < 300, "uuid", "xid", "action"),
    "and": _UP.and_(_UP > 0),
    "unless_on": _UP.unless_on(q.select(allocation.INFO), "uuid"),
    "unless": _UP.unless(_UP > 0),
    "or": (_UP > 0).or_(_UP),
    "bool": _UP.is_(1),
    "reaches": _XIDS.reaches(2),
    "arithmetic": (_XIDS * 3 + 1) / 2 - 1,
    "by_nothing": _XIDS / 0,
    "ratio": q.ratio(q.total(_XIDS, "uuid"), q.count(_XIDS, "uuid"), "uuid"),
    "compared": q.total(_XIDS, "uuid") >= q.count(_XIDS, "uuid"),
    "scalar_first": (q.now() - q.select(events.XID_LAST)) < 0,
}


def exposition() -> str:
    return "".join(
        f"{metric.name}{{{','.join(f'{name}={chr(34)}{text}{chr(34)}' for name, text in labels.items())}}} {value}\n"
        for metric, samples in SAMPLES.items()
        for labels, value in samples
    )


@pytest.fixture(scope="module")
def prometheus(
    tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """One that has scraped these samples."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(exposition().encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        target = {"targets": [f"127.0.0.1:{server.server_port}"]}
        jobs = [{"job_name": JOB, "static_configs": [target]}]
        config = {"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}
        with running(tool("prometheus"), config, tmp_path_factory.mktemp("prometheus")) as found:
            eventually(lambda: found.query("gpu_up"))
            yield found
        server.shutdown()


def told(labels: Labels | tuple[tuple[str, str], ...]) -> Labels:
    """Without what belongs to Prometheus, and what has no value."""
    left_out = ("job", "instance", "__name__")
    return frozenset((name, text) for name, text in labels if text and name not in left_out)


@pytest.mark.tools
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_we_answer_as_prometheus(prometheus: Prometheus, name: str) -> None:
    """The same labels, the same values."""
    expr = EXPRESSIONS[name]
    series = {
        metric: [(frozenset(labels.items()), value) for labels, value in samples]
        for metric, samples in SAMPLES.items()
    }

    theirs = prometheus.query(expr.text(JOB))

    ours = instant.vector(expr, lambda metric: series[metric], time.time())
    assert {told(labels): value for labels, value in ours.items()} == pytest.approx(
        {told(labels): value for labels, value in theirs.items()}, nan_ok=True
    )


@pytest.mark.parametrize(
    "expr",
    [q.increase(_XIDS, "5m"), q.before(_UP, "5m"), q.absent(_UP), q.average(_UP), q.number(1)],
)
def test_what_needs_more_is_refused(expr: Expr) -> None:
    """A window is not at hand; nothing is guessed."""
    with pytest.raises(CatalogError):
        instant.vector(expr, lambda _metric: [], 0.0)
