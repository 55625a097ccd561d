"""Where annotations lead."""

from pathlib import Path
from typing import Any

import pytest

from alerts.annotations import render
from alerts.links import Links
from alerts.policies import ALL, BY_NAME
from alerts.policy import IDENTITY, Policy, Scope
from alerts.rules import rule
from catalog import yamlfile
from catalog.errors import ConfigError
from exporter.alerting.settings import settings
from exporter.config import load
from gpuvitals.cli import main

GRAFANA = "https://grafana.example/d/gpu?var-node={node}&var-gpu={uuid}&time={time}000&time.window=3600000"
LABELS = {"node": "node 7", "uuid": "GPU-8f0e"}
AT = 1795520079.4


def shown(links: Links, policy: Policy) -> dict[str, str]:
    """The annotations of one alert."""
    return {
        name: render(text, LABELS, 1.0, AT)
        for name, text in rule(policy, links=links).annotations.items()
    }


def test_a_gpu_and_a_time_are_filled_in() -> None:
    """Whoever is woken sees the GPU at the time of the alert; Grafana's time.window puts it in the middle."""
    found = shown(Links(dashboard_url=GRAFANA), BY_NAME["GpuLost"])

    assert found["dashboard_url"] == (
        "https://grafana.example/d/gpu?var-node=node+7&var-gpu=GPU-8f0e&time=1795520079000&time.window=3600000"
    )


def test_a_node_has_a_dashboard_of_its_own() -> None:
    """It has no GPU that could be filled in."""
    found = shown(Links(node_dashboard_url="https://g/{node}?t={time}"), BY_NAME["DriverDown"])

    assert found["dashboard_url"] == "https://g/node+7?t=1795520079"


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name)
def test_no_address_has_a_hole(policy: Policy) -> None:
    """Each label in an address is one that the alert has; what is about neither GPU nor node leads nowhere."""
    links = rule(policy, links=Links(dashboard_url=GRAFANA)).annotations
    used = {"node": "$labels.node", "uuid": "$labels.uuid"}

    for label, text in used.items():
        assert text not in links.get("dashboard_url", "") or label in policy.identity
    assert (
        ("dashboard_url" in links)
        == (policy.scope is not Scope.FLEET)
        == bool(IDENTITY[policy.scope])
    )


def test_an_empty_address_is_left_out() -> None:
    """Better none than a broken one."""
    links = Links(runbook_url="", dashboard_url="", node_dashboard_url="")

    for name in ("GpuLost", "DriverDown", "Watchdog"):
        assert shown(links, BY_NAME[name]).keys() == {"summary", "description"}


def test_the_runbook_is_where_it_is_said_to_be() -> None:
    """In a wiki, in a repository: with the name of the alert anywhere."""
    found = shown(Links(runbook_url="https://wiki/r/{alert}.md#act"), BY_NAME["Watchdog"])

    assert found["runbook_url"] == "https://wiki/r/Watchdog.md#act"


@pytest.mark.parametrize(
    ("setting", "address", "complaint"),
    [
        (
            "dashboard_url",
            "https://g/{gpu}",
            "dashboard_url: {gpu} is not known; there may be {alert}, {node}, {uuid}, {time}",
        ),
        ("node_dashboard_url", "https://g/{uuid}", "{uuid} is not known"),
        ("runbook_url", "https://g/{node}", "{node} is not known; there may be {alert}"),
        ("runbook_url", "gpuvitals.dev/{alert}", "is no address that begins with http"),
        ("runbook_url", "file:///{alert}", "is no address that begins with http"),
        ("dashboard_url", "https://g/{{ $labels.uuid }}", "a brace of"),
        ("dashboard_url", "https://g/{uuid}}", "is left over"),
        ("dashboard_url", "https://[g/", "is no address: Invalid IPv6 URL"),
        ("dashboard_url", "https://g/\n", "is no address that begins with"),
    ],
)
def test_what_is_no_address_is_refused(setting: str, address: str, complaint: str) -> None:
    """In one line, with what may stand there."""
    with pytest.raises(ConfigError) as caught:
        Links(**{setting: address})

    assert complaint in str(caught.value)


def made(rules: str, alert: str) -> dict[str, Any]:
    """One rule of a file."""
    file: Any = yamlfile.parse(rules, "rules.yml")[0].value
    (found,) = (one for group in file["groups"] for one in group["rules"] if one["alert"] == alert)
    return dict(found)


def test_both_senders_take_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the exporter's configuration says, the rules say too."""
    file = tmp_path / "gv.yaml"
    file.write_text(f"dashboard_url: {GRAFANA}\nrunbook_url: ''\n", encoding="utf-8")

    code = main(["alerts", "rules", "--config", str(file)])
    told = settings(load({}, {}, yamlfile.load(file))).links

    assert code == 0
    ours = made(capsys.readouterr().out, "GpuLost")["annotations"]
    assert ours == dict(rule(BY_NAME["GpuLost"], links=told).annotations)
    assert "runbook_url" not in ours
