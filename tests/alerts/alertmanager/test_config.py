"""Alertmanager's configuration, asked by its own tools and by a running server."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from alerts.alertmanager.config import render
from alerts.alertmanager.inhibition import rules
from alerts.alertmanager.settings import Settings, read
from alerts.policies import ALL
from alerts.policy import Policy, Scope, Severity
from catalog.errors import CatalogError
from catalog.metrics import state
from catalog.promql import functions as q
from catalog.yamlfile import parse
from tests.alertmanager import Alertmanager, Webhook, running, webhook

WHO = """
page:
  pagerduty: {routing_key_file: /secrets/pagerduty}
ticket:
  slack: {api_url_file: /secrets/slack, channel: "#gpu"}
  email: {to: gpu@example.com, from: gpuvitals@example.com, smarthost: "mail.example.com:587", auth_username: gpuvitals, auth_password_file: /secrets/smtp}
watchdog:
  webhook: {url_file: /secrets/watchdog}
teams:
  ml:
    namespaces: [ml-train, ml-serve]
    ticket: {opsgenie: {api_key_file: /secrets/opsgenie}}
  net:
    page: {webhook: {url: "http://net.example.com/page"}}
mute:
  weekend: {severities: [ticket], weekdays: ["saturday", "sunday"], location: Europe/Berlin}
"""


def policy(name: str, scope: Scope, *explained_by: str) -> Policy:
    return Policy(
        name=name,
        scope=scope,
        severity=Severity.PAGE,
        condition=q.select(state.UP).equals(0),
        meaning="It is down.",
        action="Look.",
        lasting="5m",
        explained_by=explained_by,
    )


POLICIES = (
    policy("NodeDown", Scope.NODE),
    policy("GpuGone", Scope.GPU, "NodeDown"),
    policy("GpuStuck", Scope.GPU, "GpuGone", "NodeDown"),
)


def settings(text: str = WHO) -> Settings:
    return read(parse(text, "who.yml")[0])


def gpu(name: str, node: str, uuid: str) -> dict[str, str]:
    labels = {"alertname": name, "node": node, "uuid": uuid, "severity": "page", "scope": "gpu"}
    return {key: value for key, value in labels.items() if value}


def node_down(node: str) -> dict[str, str]:
    return {"alertname": "NodeDown", "node": node, "severity": "page", "scope": "node"}


def test_the_file_is_the_same_each_time(golden: Callable[[str, str], None]) -> None:
    """Every kind of receiver, teams, mute windows, inhibition."""
    golden("alertmanager.yml", render(POLICIES, settings(), "us"))


def test_what_is_about_no_node_silences_no_node() -> None:
    """Nothing would tell one node from another."""
    with pytest.raises(CatalogError, match="it would silence all"):
        rules((policy("Everything", Scope.FLEET), policy("GpuGone", Scope.GPU, "Everything")))


# -- asked by amtool -----------------------------------------------------------------------------------------------------


@pytest.mark.tools
@pytest.mark.parametrize("text", ["{}", WHO], ids=["default", "everything"])
def test_amtool_accepts_it(tool: Callable[[str], Path], tmp_path: Path, text: str) -> None:
    """With our own policies, whoever is told."""
    file = tmp_path / "alertmanager.yml"
    file.write_text(render(ALL, settings(text), "us"))

    done = subprocess.run([tool("amtool"), "check-config", file], check=False)

    assert done.returncode == 0


@pytest.mark.tools
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("alertname=Watchdog severity=info", "watchdog"),
        ("severity=info scope=gpu", "nobody"),
        ("severity=page scope=gpu node=n uuid=u", "page"),
        ("severity=page scope=node node=n", "page"),
        ("severity=page scope=gpu team=net", "page-net"),
        ("severity=page scope=node team=net", "page-net"),
        ("severity=page scope=gpu team=ml", "page"),
        ("severity=page scope=gpu namespace=ml-train", "page"),
        ("severity=ticket scope=gpu", "ticket"),
        ("severity=ticket scope=gpu team=ml", "ticket-ml"),
        ("severity=ticket scope=job namespace=ml-serve", "ticket-ml"),
        ("severity=ticket scope=job namespace=ml-serve-two", "ticket"),
        ("severity=ticket scope=gpu team=net", "ticket"),
        ("alertname=OfSomebodyElse", "ticket"),
    ],
)
def test_who_is_told(
    tool: Callable[[str], Path], tmp_path: Path, labels: str, receiver: str
) -> None:
    """On-call gets pages; owners get tickets about their own namespaces."""
    file = tmp_path / "alertmanager.yml"
    file.write_text(render(POLICIES, settings(), "us"))

    asked = ["config", "routes", "test", f"--config.file={file}", *labels.split()]
    done = subprocess.run([tool("amtool"), *asked], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == receiver


@pytest.mark.tools
def test_slack_is_told_what_to_do(tool: Callable[[str], Path], tmp_path: Path) -> None:
    """Of each alert what it means, and links to its runbook and dashboard if it has them."""
    config: Any = parse(render(POLICIES, settings(), "us"), "alertmanager.yml")[0].value
    (text,) = (
        channel["text"] for one in config["receivers"] for channel in one.get("slack_configs", ())
    )
    links = {"runbook_url": "https://r/GpuLost", "dashboard_url": "http://n/gpus/u?at=1"}
    alerts = [
        {"annotations": {"description": "It is lost.", **links}},
        {"annotations": {"description": "Nobody knows."}},
    ]
    data = tmp_path / "data.json"
    data.write_text(json.dumps({"alerts": alerts}), encoding="utf-8")

    asked = [
        f"--template.text={text}",
        f"--template.data={data}",
        f"--template.glob={tmp_path}/*.t",
    ]
    done = subprocess.run(
        [tool("amtool"), "template", "render", *asked], check=True, capture_output=True, text=True
    )

    assert done.stdout.strip().splitlines() == [
        "It is lost. <https://r/GpuLost|Runbook> <http://n/gpus/u?at=1|Dashboard>",
        "Nobody knows.",
    ]


# -- a running server ----------------------------------------------------------------------------------------------------


@pytest.fixture
def told() -> Iterator[Webhook]:
    with webhook() as server:
        yield server


@pytest.fixture
def alertmanager(
    tool: Callable[[str], Path], tmp_path: Path, told: Webhook
) -> Iterator[Alertmanager]:
    """One that tells of pages at /page."""
    address = tmp_path / "page-url"
    address.write_text(f"{told.url}/page")
    who = settings(f"page: {{webhook: {{url_file: {address}}}}}")
    with running(tool("alertmanager"), render(POLICIES, who, "us"), tmp_path) as server:
        yield server


@pytest.mark.tools
def test_a_rack_without_power_is_one_notification(alertmanager: Alertmanager) -> None:
    """Forty nodes go; their 320 GPUs are not told of."""
    nodes = [f"node-{number:02}" for number in range(40)]

    alertmanager.post(*map(node_down, nodes))
    alertmanager.post(
        *(gpu("GpuGone", node, f"GPU-{node}-{index}") for node in nodes for index in range(8))
    )

    down = [group for group in alertmanager.groups("page") if "node" not in group["labels"]]
    assert [len(group["alerts"]) for group in down] == [40]
    assert alertmanager.silenced() == {("GpuGone", node) for node in nodes}


@pytest.mark.tools
def test_a_gpu_is_told_of_at_once_and_alone(alertmanager: Alertmanager, told: Webhook) -> None:
    """Each GPU is a notification of its own, to whoever the file names."""
    alertmanager.post(gpu("GpuGone", "a", "GPU-1"), gpu("GpuGone", "a", "GPU-2"))

    told.wait(lambda: len(told.told) == 2)
    assert {one.to for one in told.told} == {"/page"}
    assert [len(one.alerts) for one in told.told] == [1, 1]


@pytest.mark.tools
def test_one_node_silences_no_other(alertmanager: Alertmanager) -> None:
    """What explains an alert is about the same GPU or node."""
    alertmanager.post(gpu("GpuGone", "a", "GPU-1"), node_down("b"))
    alertmanager.post(
        gpu("GpuStuck", "a", "GPU-1"),
        gpu("GpuStuck", "a", "GPU-2"),
        gpu("GpuStuck", "b", "GPU-3"),
        gpu("GpuStuck", "c", "GPU-1"),
    )

    silenced = {
        alert["labels"]["uuid"]
        for alert in alertmanager.alerts()
        if alert["status"]["inhibitedBy"] and alert["labels"]["node"] == "a"
    }
    assert silenced == {"GPU-1"}
    assert alertmanager.silenced() == {("GpuStuck", "a"), ("GpuStuck", "b")}


@pytest.mark.tools
def test_what_lacks_a_label_silences_nothing(alertmanager: Alertmanager) -> None:
    """A label that is missing on both sides counts as equal, unless the rule asks for it."""
    alertmanager.post(gpu("GpuGone", "", ""), {**node_down("a"), "node": ""})
    alertmanager.post(gpu("GpuStuck", "", ""), gpu("GpuStuck", "a", ""))

    assert alertmanager.silenced() == set()
