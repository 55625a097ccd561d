"""The objectives that come with us: they are complete, they name metrics that there are, and their rules do what they should."""

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog.metrics import BY_NAME
from catalog.metrics.availability import RECOVERY
from catalog.probe import Outcome, Probe
from catalog.rules.files import plain
from gpuvitals.cli import main
from probes.active.task import TASKS
from slo import rule_tests, shipped
from slo.cron import parse as cron
from slo.exclusion import Exclusion, Schedule
from slo.objective import Objective
from slo.openslo.folder import Folder
from slo.openslo.objectives import objectives
from slo.rules import groups

SIX = {
    "availability": (0.999, "my-service"),
    "response-time": (0.95, "my-service"),
    "throughput": (0.99, "my-service"),
    "error-rate": (0.999, "my-service"),
    "recovery": (0.9, "my-service"),
    "gpu-utilization": (0.8, "gpus"),
}
NATIVE = {
    "gpu-availability",
    "gpu-recovery",
    "gpu-probe-success",
    "gpu-memory-bandwidth",
    "gpu-integrity",
    "gpu-xid-free",
    "gpu-telemetry-freshness",
    "alert-delivery",
}


LIKE_RECOVERY = ("gpu-recovery: slow burn", "gpu-utilization: slow burn")
"""With the same policy as recovery, whose window of three days takes promtool seconds."""


def copied(folder: Path, *arguments: str) -> tuple[Objective, ...]:
    """What `gpuvitals slo specs` writes, as objectives."""
    assert main(["slo", "specs", *arguments, "--out", str(folder)]) == 0
    return objectives(Folder.load(folder))


@pytest.mark.parametrize("metrics", shipped.METRICS)
def test_every_name_of_metrics_gives_the_same_objectives(tmp_path: Path, metrics: str) -> None:
    """One setting points the six at a service; the others are about the GPUs. `slo check` has nothing to say of any."""
    found = {one.name: one for one in copied(tmp_path / "slos", "--metrics", metrics)}

    assert found.keys() == SIX.keys() | NATIVE
    assert {name: (found[name].target, found[name].service) for name in SIX} == SIX
    assert all(one.owner for one in found.values())
    assert main(["slo", "check", str(tmp_path / "slos")]) == 0


def test_what_is_asked_for_is_copied_and_what_it_refers_to(tmp_path: Path) -> None:
    """Nothing else: an indicator that nobody uses would only be in the way."""
    (found,) = copied(tmp_path, "response-time")

    text = "".join(file.read_text() for file in tmp_path.iterdir())
    assert found.name == "response-time"
    assert sorted(re.findall("^kind: (.*)", text, re.MULTILINE)) == ["SLI", "SLO", "Service"]


def test_jobs_are_named_by_options(tmp_path: Path) -> None:
    """Every selector carries the job of the service or of the exporters."""
    copied(tmp_path, "--service-job", "llm", "--job", "gpus")

    text = "".join(file.read_text() for file in tmp_path.iterdir())
    assert set(re.findall('job="([^"]*)"', text)) == {"llm", "gpus"}


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was changed by hand stays; a name that there is not is told."""
    copied(tmp_path, "error-rate")

    again = main(["slo", "specs", "error-rate", "--out", str(tmp_path)])
    unknown = main(["slo", "specs", "eror-rate"])

    said = capsys.readouterr().err.splitlines()
    assert (again, unknown) == (2, 2)
    assert "is there already" in said[0]
    assert "did you mean 'error-rate'?" in said[1]


def test_the_list_says_what_each_promises(capsys: pytest.CaptureFixture[str]) -> None:
    """By name, as JSON too."""
    assert main(["slo", "specs", "--json"]) == 0

    listed = json.loads(capsys.readouterr().out)
    assert listed.keys() == SIX.keys() | NATIVE
    assert all(text.endswith(".") for text in listed.values())


def test_our_own_metrics_are_catalogued() -> None:
    """Names, labels and the values of labels are those that the exporter writes."""
    text = "".join(file.read_text() for file in shipped.PLACE.rglob("*.yaml"))
    ours = re.findall(r"\b(gpu(?:vitals)?_[a-z_]+)(?:\{([^}]*)\})?", text)
    probes = {task.name for task in TASKS}

    assert len(ours) > 20
    for name, matchers in ours:
        metric = BY_NAME[re.sub("_(bucket|count)$", "", name)]
        labels = dict(re.findall(r'([a-z_]+)(?:=~|!~|!=|=)"([^"]*)"', matchers))
        known = {*metric.all_labels, "job", "pool", *(["le"] if metric.buckets else [])}
        assert labels.keys() <= known
        assert set(labels.get("probe", Probe.MEMORY_BANDWIDTH).split("|")) <= probes
        assert set(labels.get("outcome", "success").split("|")) <= {one.value for one in Outcome}


def test_a_bucket_is_one_that_the_histogram_has() -> None:
    """Thirty seconds are a bound of the exporter's histogram."""
    assert 30.0 in RECOVERY.buckets


def written(folder: Path, found: tuple[Objective, ...]) -> list[Path]:
    """A file of tests beside a file of rules for each objective, as `slo rules --tests` writes them."""
    files = []
    for one in found:
        (folder / f"{one.name}.yml").write_text(plain(groups(one), "gpuvitals", "us"))
        tests: dict[str, Any] = rule_tests.document((one,), f"{one.name}.yml")
        tests["tests"] = [case for case in tests["tests"] if case["name"] not in LIKE_RECOVERY]
        files.append(folder / f"{one.name}.tests.yml")
        files[-1].write_text(json.dumps(tests))
    return files


@pytest.mark.tools
def test_promtool_agrees(tool: Callable[[str], Path], tmp_path: Path) -> None:
    """Outage, slow burn, idle, vanish, reset and cold start of each: alerts, state and budget are as plain sums say."""
    files = written(tmp_path, copied(tmp_path / "slos"))
    halves = [files[::2], files[1::2]]  # each keeps one core busy

    running = [
        subprocess.Popen(
            [tool("promtool"), "test", "rules", *half],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for half in halves
    ]
    said = [process.communicate()[0] for process in running]

    assert not any(process.returncode for process in running), "\n".join(said)


@pytest.mark.tools
def test_promtool_agrees_where_some_time_does_not_count(
    tool: Callable[[str], Path], tmp_path: Path
) -> None:
    """A scenario begins when the hours that are left out are over."""
    (one,) = copied(tmp_path / "slos", "error-rate")
    night = Schedule(cron=cron("0 0 * * *"), seconds=4 * 3600, zone="UTC")
    files = written(
        tmp_path, (replace(one, exclusions=(Exclusion(reason="backup", when=night),)),)
    )

    assert "start_timestamp" in files[0].read_text()
    done = subprocess.run([tool("promtool"), "test", "rules", *files], check=False)
    assert done.returncode == 0
