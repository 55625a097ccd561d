"""What lies between exporters and whoever is told: a real Prometheus, a real Alertmanager, a webhook."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from alerts.alertmanager.config import render
from alerts.alertmanager.settings import read
from alerts.policies import ALL
from alerts.rules import groups
from benchmarks.exporter import Exporter
from catalog import scrape
from catalog.rules.files import plain
from catalog.yamlfile import parse
from tests import alertmanager, prometheus
from tests.alertmanager import Alertmanager, Webhook
from tests.prometheus import Prometheus

BIN = Path(__file__).parents[1] / ".tools" / "bin"
READ = frozenset(select.metric.name for policy in ALL for select in policy.expr.selects()) - {
    scrape.UP.name
}
"""The families that rules read of an exporter."""
_LOOK = 0.05


@contextmanager
def people(
    folder: Path, changes: Mapping[str, str] | None = None
) -> Iterator[tuple[Webhook, Alertmanager]]:
    """The webhook, called at /page and at /ticket, and the Alertmanager that calls it.

    Args:
        folder: for their files.
        changes: texts of Alertmanager's configuration and what to put in their place.
    """
    with alertmanager.webhook() as told:
        who = []
        for kind in ("page", "ticket"):
            (folder / kind).write_text(f"{told.url}/{kind}", encoding="utf-8")
            who.append(f"{kind}: {{webhook: {{url_file: {folder / kind}}}}}")
        config = render(ALL, read(parse("\n".join(who), "who.yml")[0]), "a benchmark")
        for before, after in (changes or {}).items():
            config = config.replace(before, after)
        with alertmanager.running(BIN / "alertmanager", config, folder) as server:
            yield told, server


@contextmanager
def watched(
    folder: Path, seconds: int, exporters: Sequence[Exporter], server: Alertmanager
) -> Iterator[Prometheus]:
    """A Prometheus with our rules that scrapes the exporters, and evaluates, every so many seconds."""
    rules = folder / "rules.yml"
    rules.write_text(plain(groups(ALL), "gpuvitals", "a benchmark"), encoding="utf-8")
    told = {"static_configs": [{"targets": [server.url.removeprefix("http://")]}]}
    targets = {"targets": [f"127.0.0.1:{exporter.port}" for exporter in exporters]}
    every = f"{seconds}s"
    config: dict[str, object] = {
        "global": {"scrape_interval": every, "scrape_timeout": "5s", "evaluation_interval": every},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "gpuvitals", "static_configs": [targets]}],
        "alerting": {"alertmanagers": [told]},
    }
    with prometheus.running(BIN / "prometheus", config, folder) as found:
        until(lambda: len(found.query("up == 1")) == len(exporters), 60.0, "a first scrape")
        yield found


def uuids(exporter: Exporter) -> dict[int, str]:
    """The GPUs' UUIDs by their index."""
    return {gpu["gpu"]: gpu["uuid"] for gpu in json.loads(exporter.get("/api/v1/gpus"))["gpus"]}


def inject(exporter: Exporter, fault: Mapping[str, object]) -> None:
    """Let a fault happen."""
    request = Request(  # noqa: S310 - our own loopback
        f"{exporter.url}/api/v1/faults", json.dumps(fault).encode(), method="POST"
    )
    with urlopen(request, timeout=10):  # noqa: S310
        pass


def arrivals(told: Webhook, to: str = "") -> dict[tuple[str, str], float]:
    """When each alert was first told of, by its name and its GPU, or its node."""
    found: dict[tuple[str, str], float] = {}
    for one in tuple(told.told):
        if to not in ("", one.to) or one.status != "firing":
            continue
        for alert in one.alerts:
            labels = alert["labels"]
            about = labels.get("uuid") or labels.get("node", "")
            found.setdefault((labels["alertname"], about), one.at)
    return found


def until(look: Callable[[], bool], patience: float, what: str) -> None:
    """Wait for it.

    Raises:
        TimeoutError: it does not come.
    """
    end = time.monotonic() + patience
    while not look():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} has not come within {patience:.0f} s")
        time.sleep(_LOOK)
