"""A real Prometheus for a test, and the questions that tests put to it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.servers import free_port, get, started

Labels = tuple[tuple[str, str], ...]
Points = tuple[tuple[float, float], ...]

_REFUSALS = (
    "prometheus_target_scrapes_",
    "prometheus_tsdb_out_of_",
    "prometheus_tsdb_too_old_",
)


class Prometheus:
    """The API of a running one."""

    def __init__(self, url: str) -> None:
        self.url = url

    def query(self, expression: str) -> dict[Labels, float]:
        """The instant vector of *expression*: values by sorted label pairs."""
        result = self._api("query", query=expression)["result"]
        return {
            tuple(sorted(series["metric"].items())): float(series["value"][1]) for series in result
        }

    def value(self, expression: str) -> float:
        """The only value of *expression*."""
        (value,) = self.query(expression).values()
        return value

    def over(self, expression: str, start: float, end: float, step: int) -> dict[Labels, Points]:
        """The times and values of *expression* from *start* to *end*, every *step* seconds, by sorted label pairs."""
        asked = {"query": expression, "start": f"{start:.0f}", "end": f"{end:.0f}"}
        result = self._api("query_range", step=f"{step}s", **asked)["result"]
        return {
            tuple(sorted(series["metric"].items())): tuple(
                (float(at), float(value)) for at, value in series["values"]
            )
            for series in result
        }

    def cost(self, expression: str, at: float) -> tuple[int, float]:
        """How many samples a query touches, and the seconds that it takes."""
        found = self._api("query", query=expression, time=f"{at:.3f}", stats="all")["stats"]
        return found["samples"]["totalQueryableSamples"], found["timings"]["evalTotalTime"]

    def targets(self) -> list[dict[str, Any]]:
        """Every active target, with its health and its last error."""
        found: list[dict[str, Any]] = self._api("targets", state="active")["activeTargets"]
        return found

    def own(self) -> Mapping[str, float]:
        """Its own metrics, by series as it writes them."""
        lines = get(f"{self.url}/metrics").splitlines()
        pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {series: float(value) for series, _, value in pairs}

    def rejected(self) -> Mapping[str, float]:
        """Its counters of scrapes and samples that it refused, those that are not 0."""
        counts = {
            series: count for series, count in self.own().items() if series.startswith(_REFUSALS)
        }
        assert counts, "it does not count them under these names any more"
        return {series: count for series, count in counts.items() if count}

    def _api(self, path: str, **parameters: str) -> Any:
        return json.loads(get(f"{self.url}/api/v1/{path}?{urlencode(parameters)}"))["data"]


@contextmanager
def running(
    program: Path, config: Mapping[str, object], folder: Path, *options: str
) -> Iterator[Prometheus]:
    """A Prometheus with *config* (JSON is YAML), its files in *folder*."""
    file = folder / "prometheus.json"
    file.write_text(json.dumps(config))
    url = f"http://127.0.0.1:{free_port()}"
    command: list[str | Path] = [
        program,
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={url.removeprefix('http://')}",
        *options,
    ]
    with started(command, f"{url}/-/ready", folder / "prometheus.log"):
        yield Prometheus(url)
