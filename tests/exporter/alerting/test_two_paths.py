"""Two paths, one alert: whoever comes first, ends first or restarts, people hear of it once and of its end once.

Prometheus, Alertmanager and the exporter are real. An alert outlives its condition by seconds, not by five minutes, for both alike.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from alerts.alertmanager.config import render
from alerts.alertmanager.settings import read
from alerts.policies import ALL
from alerts.rules import groups
from catalog.rules.files import plain
from catalog.yamlfile import parse
from tests import alertmanager, prometheus
from tests.alertmanager import Alertmanager, Notification, Webhook
from tests.exporter.server import Server, eventually, serving
from tests.gate import Gate, gate
from tests.prometheus import Prometheus
from tests.servers import free_port

pytestmark = pytest.mark.tools

_AT = re.compile(r"\bat=\d{10}\Z")
Tool = Callable[[str], Path]
GPU = 3
REBOOTS, XID = 79, "GpuXidRebootNode"
LASTS = 9
"""Seconds for which the GPU is lost."""


class Scene:
    """Everything but the exporter and Prometheus, which a test starts and restarts.

    Attributes:
        hold, keep_firing: seconds for which the exporter's and Prometheus' alert outlive the condition.
    """

    def __init__(self, tool: Tool, folder: Path, hold: int = 5, keep_firing: int = 5) -> None:
        self._tool = tool
        self._folder = folder
        self._hold = hold
        self._listen = f"127.0.0.1:{free_port()}"
        self._keep_firing = f"{keep_firing}s"
        self._stack = ExitStack()
        self.port = free_port()

    def __enter__(self) -> Self:
        enter = self._stack.enter_context
        self.told: Webhook = enter(alertmanager.webhook())
        # Half a minute between two words on one GPU would be long for a test.
        config = self._config().replace("group_interval: 30s", "group_interval: 1s")
        program = self._tool("alertmanager")
        self.alertmanager: Alertmanager = enter(
            alertmanager.running(program, config, self._folder, port=self.port)
        )
        self.ours: Gate = enter(gate(self.port))
        self.theirs: Gate = enter(gate(self.port))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _config(self) -> str:
        address = self._folder / "url"
        address.write_text(f"{self.told.url}/page")
        who = parse(f"page: {{webhook: {{url_file: {address}}}}}", "who.yml")[0]
        return render(ALL, read(who), "a test")

    @contextmanager
    def exporter(self, *options: str) -> Iterator[Server]:
        """The exporter, which tells Alertmanager through `ours`; it comes back with what it knew."""
        with serving(
            self._folder / "exporter",
            *("--source", "sim", "--node", "n1", "--allow-fault-injection"),
            *("--listen", self._listen, "--alertmanager-urls", self.ours.url),
            *("--alertmanager-external-labels", "cluster=c"),
            *("--alertmanager-hold-seconds", str(self._hold)),
            *options,
        ) as server:
            eventually(server.all_ok)
            yield server

    @contextmanager
    def prometheus(self, **external: str) -> Iterator[Prometheus]:
        """Prometheus, which tells Alertmanager through `theirs`."""
        rules = self._folder / "rules.yml"
        rules.write_text(plain(groups(ALL, self._keep_firing), "gpuvitals", "a test"))
        targets = {"job_name": "gpuvitals", "static_configs": [{"targets": [self._listen]}]}
        told = {"static_configs": [{"targets": [self.theirs.url.removeprefix("http://")]}]}
        config = {
            "global": {
                "scrape_interval": "1s",
                "evaluation_interval": "1s",
                "external_labels": {"cluster": "c", **external},
            },
            "rule_files": [str(rules)],
            "scrape_configs": [targets],
            "alerting": {"alertmanagers": [told]},
        }
        program = self._tool("prometheus")
        often = "--rules.alert.resend-delay=1s"
        with prometheus.running(program, config, self._folder, often) as server:
            eventually(lambda: server.query("gpu_up == 1"))
            yield server

    def by_name(self) -> dict[str, dict[str, Any]]:
        """What Alertmanager has, an alert of each name."""
        return {one["labels"]["alertname"]: one for one in self.alertmanager.alerts()}

    def held(self) -> dict[str, tuple[Mapping[str, str], Mapping[str, str]]]:
        """Labels and annotations of each, but for when it was evaluated, which is some seconds apart."""
        return {
            name: (
                one["labels"],
                {key: _AT.sub("at=", text) for key, text in one["annotations"].items()},
            )
            for name, one in self.by_name().items()
        }

    def of_prometheus(self) -> set[str]:
        """The alerts whose last word was Prometheus': only it gives an address of its own."""
        return {name for name, one in self.by_name().items() if one["generatorURL"]}

    def firing(self, uuid: str) -> int:
        """How often people heard that it begins."""
        return len(self._about(uuid, "firing"))

    def one_of_each(self, uuid: str) -> None:
        """Wait for the end; nothing was told twice."""
        self.told.wait(lambda: self._about(uuid, "resolved"))
        assert (self.firing(uuid), len(self._about(uuid, "resolved"))) == (1, 1)

    def _about(self, uuid: str, status: str) -> list[Notification]:
        return [
            one
            for one in self.told.about("GpuLost", status)
            if any(alert["labels"]["uuid"] == uuid for alert in one.alerts)
        ]


def lose(exporter: Server, gpu: int = GPU, seconds: int = LASTS) -> str:
    """Let a GPU be lost; its UUID."""
    (labels,) = exporter.metrics().values("gpu_info", gpu=str(gpu))
    exporter.fault(gpu=gpu, kind="gpu_lost", seconds=seconds)
    return dict(labels)["uuid"]


def sent(server: Server) -> float:
    return server.metrics().total("gpuvitals_alerts_sent_total")


def they_sent(server: Prometheus) -> float:
    return sum(
        count
        for series, count in server.own().items()
        if series.startswith("prometheus_notifications_sent_total")
    )


@pytest.mark.parametrize(
    ("hold", "keep_firing"), [(5, 8), (8, 5)], ids=["we_end_first", "they_end_first"]
)
def test_an_alert_begins_once_and_ends_once(
    tool: Tool, tmp_path: Path, hold: int, keep_firing: int
) -> None:
    """Whoever tells of it first, and whoever lets go of it first."""
    scene = Scene(tool, tmp_path, hold, keep_firing)
    with scene, scene.exporter() as exporter, scene.prometheus() as server:
        scene.theirs.close()
        ours = lose(exporter, 3)
        scene.told.wait(lambda: scene.firing(ours))
        scene.theirs.open()
        eventually(lambda: they_sent(server))

        scene.ours.close()
        before = sent(exporter)
        theirs = lose(exporter, 4)
        scene.told.wait(lambda: scene.firing(theirs))
        scene.ours.open()
        eventually(lambda: sent(exporter) > before)

        scene.one_of_each(ours)
        scene.one_of_each(theirs)


def test_a_restart_of_prometheus_is_not_heard(tool: Tool, tmp_path: Path) -> None:
    """It fires again at once, and it is the same alert."""
    scene = Scene(tool, tmp_path)
    with scene, scene.exporter() as exporter:
        with scene.prometheus() as server:
            uuid = lose(exporter, seconds=15)
            eventually(lambda: they_sent(server))
        with scene.prometheus() as server:
            eventually(lambda: they_sent(server))

            scene.one_of_each(uuid)


def test_a_restart_of_the_exporter_is_not_heard(tool: Tool, tmp_path: Path) -> None:
    """It remembers that the GPU was lost; Prometheus holds the alert meanwhile."""
    scene = Scene(tool, tmp_path, keep_firing=15)
    with scene, ExitStack() as theirs:
        with scene.exporter() as exporter:
            server = theirs.enter_context(scene.prometheus())
            uuid = lose(exporter, seconds=1000)
            eventually(lambda: they_sent(server) and sent(exporter))
        with scene.exporter():
            scene.one_of_each(uuid)


def test_other_labels_are_noticed(tool: Tool, tmp_path: Path) -> None:
    """Prometheus adds a label that we were not told of: people would hear of it twice, and a counter says so."""
    scene = Scene(tool, tmp_path)
    with scene, scene.exporter() as exporter, scene.prometheus(replica="a"):
        counted = "gpuvitals_alert_identity_mismatches_total"
        assert exporter.metrics().value(counted) == 0
        uuid = lose(exporter)

        eventually(lambda: exporter.metrics().value(counted) == 1)
        scene.told.wait(lambda: scene.firing(uuid) == 2)


def test_both_say_the_same(tool: Tool, tmp_path: Path) -> None:
    """Labels and annotations of an alert are ours or Prometheus', nobody can tell."""
    scene = Scene(tool, tmp_path)
    with scene, scene.exporter() as exporter:
        uuid = lose(exporter, seconds=1000)
        exporter.fault(gpu=5, kind="xid", code=REBOOTS)
        eventually(lambda: {"GpuLost", XID} <= scene.held().keys())
        ours = scene.held()
        scene.ours.close()
        with scene.prometheus():
            eventually(lambda: ours.keys() <= scene.of_prometheus())
            theirs = scene.held()

        assert {name: theirs[name] for name in ours} == ours
        assert dict(ours["GpuLost"][0])["uuid"] == uuid
        assert ours["GpuLost"][1]["dashboard_url"].endswith(f"/gpus/{uuid}?range=1h&at=")
