"""What evaluating all alert rules costs a real Prometheus. `python -m benchmarks.rule_cost [--nodes 400] [--gpus 8] [--minutes 12]`.

It scrapes the fleet of `gpuvitals simulate` every 30 s, only the families that rules read, and evaluates as often.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from alerts.policies import ALL
from alerts.rules import groups
from benchmarks.alert_path import BIN, READ, until
from benchmarks.results import Figure, Section, percentile, publish, spread
from catalog.rules.files import plain
from tests import prometheus
from tests.prometheus import Prometheus
from tests.servers import free_port, get

_EVERY = 30
_LAST = "prometheus_rule_group_last_duration_seconds"


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=400)
    parser.add_argument("--gpus", type=int, default=8)
    parser.add_argument("--minutes", type=int, default=12)
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        enter = stack.enter_context
        folder = Path(enter(tempfile.TemporaryDirectory(prefix="gpuvitals-rules-")))
        address = enter(_fleet(options.nodes, options.gpus))
        server = enter(prometheus.running(BIN / "prometheus", _config(folder, address), folder))
        until(lambda: server.query("sum(up)") == {(): float(options.nodes)}, 300.0, "every scrape")
        cycles = list(_cycles(server, options.minutes * 60 // _EVERY))
        scraped = server.value("max(scrape_duration_seconds)")
        series = server.own()["prometheus_tsdb_head_series"]
    publish(
        _section(cycles, series, scraped, (options.nodes, options.gpus, options.minutes)),
        "benchmarks.rule_cost",
        arguments,
    )


@contextmanager
def _fleet(nodes: int, gpus: int) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gpuvitals", "simulate", "--listen", address]
    command += ["--nodes", str(nodes), "--gpus", str(gpus), "--readings", "1"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: _answers(address), 30.0, "the fleet")
            # A node is made when it is first asked for, which takes longer than a scrape may.
            for target in json.loads(get(f"http://{address}/sd")):
                get(f"http://{address}{target['labels']['__metrics_path__']}")
            yield address
        finally:
            process.terminate()


def _answers(address: str) -> bool:
    try:
        get(f"http://{address}/healthz")
    except OSError:
        return False
    return True


def _config(folder: Path, address: str) -> dict[str, object]:
    rules = folder / "rules.yml"
    rules.write_text(plain(groups(ALL), "gpuvitals", "a benchmark"), encoding="utf-8")
    every = f"{_EVERY}s"
    return {
        "global": {
            "scrape_interval": every,
            "scrape_timeout": every,
            "evaluation_interval": every,
        },
        "rule_files": [str(rules)],
        "scrape_configs": [
            {
                "job_name": "gpuvitals",
                "params": {"name[]": sorted(READ)},
                "http_sd_configs": [{"url": f"http://{address}/sd"}],
            }
        ],
    }


def _cycles(server: Prometheus, count: int) -> Iterator[Mapping[str, float]]:
    """Seconds that each group took, cycle by cycle."""
    for _ in range(count):
        time.sleep(_EVERY)
        yield {
            series.rpartition(";")[2].removesuffix('"}'): value
            for series, value in server.own().items()
            if series.startswith(_LAST)
        }


def _section(
    cycles: Sequence[Mapping[str, float]],
    series: float,
    scraped: float,
    size: tuple[int, int, int],
) -> Section:
    settled = cycles[len(cycles) // 2 :]
    sums = [sum(cycle.values()) for cycle in settled]
    figures = [
        Figure(
            name="all rules, per cycle",
            value=f"p50 {percentile(sums, 0.5):.2f} s ({spread(sums, 's')})",
        ),
        *(
            Figure(
                name=f"of these group {name}",
                value=f"p50 {percentile([cycle[name] for cycle in settled], 0.5):.3f} s",
            )
            for name in sorted(settled[-1])
        ),
        Figure(name="series", value=f"{series:.0f}"),
        Figure(name="slowest scrape", value=f"{scraped:.2f} s"),
    ]
    nodes, gpus, minutes = size
    note = (
        f"{nodes} nodes of {gpus} GPUs, scraped and evaluated every {_EVERY} s for {minutes} minutes, of which the second half counts; windows "
        "of an hour and more hold what there was by then. Groups are evaluated at the same time; their seconds are added. The fleet's own "
        "process runs on the same machine."
    )
    return Section(title="rule_cost", note=note, figures=figures)


if __name__ == "__main__":
    main(sys.argv[1:])
