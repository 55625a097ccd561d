"""Two paths, one alert: whoever comes first, ends first or restarts, people hear of it once and of its end once.

Prometheus, Alertmanager and the exporter are real. An alert outlives its condition by seconds, not by five minutes. Servers
take long to start, so all cases are one story on different GPUs of one machine; each test looks at what came of its own.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from alerts.alertmanager.config import render
from alerts.alertmanager.settings import read
from alerts.policies import ALL
from alerts.rules import rule
from catalog.rules.files import plain
from catalog.rules.rule import Group
from catalog.yamlfile import parse
from tests import alertmanager, prometheus
from tests.alertmanager import Alertmanager, Webhook
from tests.exporter.server import Server, eventually, serving
from tests.gate import Gate, gate
from tests.prometheus import Prometheus
from tests.servers import free_port

pytestmark = pytest.mark.tools

_AT = re.compile(r"\bat=\d{10}\Z")
Tool = Callable[[str], Path]
Held = Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]
"""Labels and annotations of alerts, by name."""
DIRECT = {policy.name for policy in ALL if policy.direct}
HOLD = 5
LATER, SOONER = "15s", "1s"
"""How long Prometheus' alert outlives its condition: longer than ours, and shorter."""
KEEP_FIRING = {"GpuLost": LATER, "GpuRecoveryActionRequired": SOONER}
LASTS = 8
"""Seconds that a fault lasts; both sides know of it by then."""
FOR_GOOD = 1000
JUDGED, XID = 54, "GpuXidContactSupport"
LOOK_AGAIN = {"kind": "xid", "code": 43}
"""An Xid that wakes nobody has the slow tier read at once."""


class Scene:
    """Alertmanager, whom it tells, and the ways to it; exporters and Prometheus come and go.

    Attributes:
        ours, theirs: the way of the exporter and of Prometheus.
    """

    def __init__(self, tool: Tool, folder: Path) -> None:
        self._tool = tool
        self._folder = folder
        self._listen = f"127.0.0.1:{free_port()}"
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        enter = self._stack.enter_context
        self.told: Webhook = enter(alertmanager.webhook())
        # Half a minute between two words on one GPU would be long for a test.
        config = self._config().replace("group_interval: 30s", "group_interval: 1s")
        port = free_port()
        self.alertmanager: Alertmanager = enter(
            alertmanager.running(self._tool("alertmanager"), config, self._folder, port=port)
        )
        self.ours: Gate = enter(gate(port))
        self.theirs: Gate = enter(gate(port))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _config(self) -> str:
        address = self._folder / "url"
        address.write_text(f"{self.told.url}/page", encoding="utf-8")
        who = parse(f"page: {{webhook: {{url_file: {address}}}}}", "who.yml")[0]
        return render(ALL, read(who), "a test")

    @contextmanager
    def exporter(self) -> Iterator[Server]:
        """The exporter; it comes back with what it knew."""
        with serving(
            self._folder / "exporter",
            *("--source", "sim", "--node", "n1", "--allow-fault-injection"),
            *("--listen", self._listen, "--alertmanager-urls", self.ours.url),
            *("--alertmanager-external-labels", "cluster=c"),
            *("--alertmanager-hold-seconds", str(HOLD)),
        ) as server:
            eventually(server.all_ok)
            yield server

    @contextmanager
    def prometheus(self, name: str = "", **external: str) -> Iterator[Prometheus]:
        """Prometheus; another one with another *name*."""
        folder = self._folder / f"prometheus{name}"
        folder.mkdir(exist_ok=True)
        rules = folder / "rules.yml"
        made = tuple(rule(policy, KEEP_FIRING.get(policy.name, SOONER)) for policy in ALL)
        text = plain([Group(name="all", rules=made)], "gpuvitals", "a test")
        rules.write_text(text, encoding="utf-8")
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
        often = "--rules.alert.resend-delay=1s"
        with prometheus.running(self._tool("prometheus"), config, folder, often) as server:
            eventually(lambda: server.query("gpu_up == 1"))
            yield server

    def held(self, uuid: str) -> list[dict[str, Any]]:
        """What Alertmanager has about one GPU of what both sides tell."""
        return [
            one
            for one in self.alertmanager.alerts()
            if one["labels"].get("uuid") == uuid
            and one["labels"]["alertname"] in DIRECT
            and "replica" not in one["labels"]
        ]

    def theirs_was_last(self, *uuids: str) -> bool:
        """Whether the last word on each GPU was Prometheus': only it gives an address of its own."""
        held = [one for uuid in uuids for one in self.held(uuid)]
        return len(held) >= len(uuids) and all(one.get("generatorURL") for one in held)

    def written(self, *uuids: str) -> Held:
        """Labels and annotations of each alert, but for when it was evaluated, which is some seconds apart."""
        return {
            one["labels"]["alertname"]: (
                one["labels"],
                {key: _AT.sub("at=", text) for key, text in one["annotations"].items()},
            )
            for uuid in uuids
            for one in self.held(uuid)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What came of it.

    Attributes:
        told: by case, how often people heard that the alert begins, and that it ends.
        meanwhile: the same when the last that restarted was back.
        ours, theirs: the same two alerts as each side writes them.
        mismatches: what the exporter counted before and after a Prometheus with a label more.
    """

    told: Mapping[str, tuple[int, int]]
    meanwhile: Mapping[str, tuple[int, int]]
    ours: Held
    theirs: Held
    mismatches: tuple[float | None, float | None]


def lose(exporter: Server, gpu: int, seconds: int) -> str:
    """Let a GPU be lost; its UUID."""
    exporter.fault(gpu=gpu, kind="gpu_lost", seconds=seconds)
    return uuid_of(exporter, gpu)


def ask_for_reset(exporter: Server, gpu: int, seconds: int) -> str:
    """Let a GPU ask for its reset, until it was done; its UUID."""
    exporter.fault(gpu=gpu, kind="row_remap_pending", seconds=seconds)
    exporter.fault(gpu=gpu, **LOOK_AGAIN)
    exporter.fault(gpu=gpu, at=seconds + 0.1, **LOOK_AGAIN)
    return uuid_of(exporter, gpu)


def uuid_of(exporter: Server, gpu: int) -> str:
    (labels,) = exporter.metrics().values("gpu_info", gpu=str(gpu))
    return dict(labels)["uuid"]


def heard(told: Webhook, uuid: str) -> tuple[int, int]:
    """How often people heard that an alert about a GPU begins, and that it ends; Xids left out."""
    words = [
        one.status
        for one in tuple(told.told)
        if any(
            alert["labels"].get("uuid") == uuid and alert["labels"]["alertname"] in KEEP_FIRING
            for alert in one.alerts
        )
    ]
    return words.count("firing"), words.count("resolved")


def they_tell(server: Prometheus, *uuids: str) -> None:
    """Wait until Prometheus has told of each GPU."""
    eventually(
        lambda: all(server.query(f'ALERTS{{uuid="{uuid}",severity="page"}}') for uuid in uuids)
    )
    before = they_sent(server)
    eventually(lambda: they_sent(server) > before)


def both_tell(exporter: Server, server: Prometheus, *uuids: str) -> None:
    """Wait until both have told of each GPU."""
    they_tell(server, *uuids)
    we_tell(exporter)


def we_tell(exporter: Server) -> None:
    """Wait until Alertmanager takes the exporter's word, which is on all that holds."""
    before = sent(exporter)
    eventually(lambda: sent(exporter) > before)


def sent(exporter: Server) -> float:
    return exporter.metrics().total("gpuvitals_alerts_sent_total")


def they_sent(server: Prometheus) -> float:
    return sum(
        count
        for series, count in server.own().items()
        if series.startswith("prometheus_notifications_sent_total")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Who tells Alertmanager, and what people had heard when both were back."""

    exporter: Server
    prometheus: Prometheus
    meanwhile: Mapping[str, tuple[int, int]]


def restarts(scene: Scene, stack: ExitStack) -> tuple[Sides, dict[str, str]]:
    """Prometheus ends and comes back while a GPU asks for its reset, then the exporter while another one is lost."""
    with scene.exporter() as exporter:
        with scene.prometheus() as server:
            asking = ask_for_reset(exporter, 5, FOR_GOOD)
            lost = lose(exporter, 6, FOR_GOOD)
            both_tell(exporter, server, asking, lost)
        server = stack.enter_context(scene.prometheus())
        both_tell(exporter, server, asking, lost)
    cases = {"prometheus restarts": asking, "the exporter restarts": lost}
    back = stack.enter_context(scene.exporter())
    meanwhile = {case: heard(scene.told, uuid) for case, uuid in cases.items()}
    return Sides(exporter=back, prometheus=server, meanwhile=meanwhile), cases


def orders(scene: Scene, sides: Sides) -> dict[str, str]:
    """Each side comes first and each ends first."""
    exporter = sides.exporter
    scene.theirs.close()
    first = lose(exporter, 1, LASTS), ask_for_reset(exporter, 2, LASTS)
    eventually(lambda: all(heard(scene.told, uuid)[0] for uuid in first))
    scene.theirs.open()
    they_tell(sides.prometheus, *first)

    scene.ours.close()
    second = lose(exporter, 3, LASTS), ask_for_reset(exporter, 4, LASTS)
    eventually(lambda: all(heard(scene.told, uuid)[0] for uuid in second))
    scene.ours.open()
    we_tell(exporter)
    eventually(lambda: all(heard(scene.told, uuid)[1] for uuid in (first[1], second[1])))
    return {
        "we begin, we end": first[0],
        "we begin, they end": first[1],
        "they begin, we end": second[0],
        "they begin, they end": second[1],
    }


def other_labels(scene: Scene, exporter: Server) -> tuple[float | None, float | None]:
    """What is counted while a Prometheus with a label more watches a lost GPU."""

    def counted() -> float | None:
        return exporter.metrics().value("gpuvitals_alert_identity_mismatches_total")

    eventually(exporter.all_ok)  # A GPU that is found again is asked every 5 s.
    before = counted()
    with scene.prometheus("beside", replica="a"):
        lost = lose(exporter, 0, LASTS)
        scene.told.wait(lambda: heard(scene.told, lost)[0] == 2)
        eventually(lambda: counted() != before)
        return before, counted()


def both_write(scene: Scene, exporter: Server) -> tuple[Held, Held]:
    """Two alerts by the exporter, then by Prometheus."""
    scene.theirs.close()
    lost, judged = lose(exporter, 7, FOR_GOOD), uuid_of(exporter, 5)
    exporter.fault(gpu=5, kind="xid", code=JUDGED)
    eventually(lambda: {"GpuLost", XID} <= scene.written(lost, judged).keys())
    ours = scene.written(lost, judged)
    scene.ours.close()
    scene.theirs.open()
    eventually(lambda: scene.theirs_was_last(lost, judged))
    theirs = scene.written(lost, judged)
    scene.ours.open()
    return ours, theirs


@pytest.fixture(scope="module")
def story(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Everything that happens, to its end."""
    with Scene(tool, tmp_path_factory.mktemp("paths")) as scene, ExitStack() as stack:
        sides, cases = restarts(scene, stack)
        cases |= orders(scene, sides)
        mismatches = other_labels(scene, sides.exporter)
        ours, theirs = both_write(scene, sides.exporter)
        eventually(lambda: all(heard(scene.told, uuid)[1] for uuid in cases.values()))
        told = {case: heard(scene.told, uuid) for case, uuid in cases.items()}
        return Story(
            told=told,
            meanwhile=sides.meanwhile,
            ours=ours,
            theirs=theirs,
            mismatches=mismatches,
        )


@pytest.mark.parametrize("first", ["we", "they"])
@pytest.mark.parametrize("last", ["we", "they"])
def test_an_alert_begins_once_and_ends_once(story: Story, first: str, last: str) -> None:
    """Whoever tells of it first, and whoever lets go of it first."""
    assert story.told[f"{first} begin, {last} end"] == (1, 1)


@pytest.mark.parametrize("who", ["prometheus", "the exporter"])
def test_a_restart_is_not_heard(story: Story, who: str) -> None:
    """The other holds the alert meanwhile; who comes back fires the same one, the exporter since it remembers."""
    assert story.told[f"{who} restarts"] == (1, 1)


def test_a_restart_ends_nothing(story: Story) -> None:
    """The GPU that was lost when the exporter went is so to people until it is known to be well."""
    assert story.meanwhile["the exporter restarts"] == (1, 0)


def test_other_labels_are_noticed(story: Story) -> None:
    """Prometheus adds a label that we were not told of: people hear of it twice, and a counter says so."""
    assert story.mismatches == (0, 1)


def test_both_say_the_same(story: Story) -> None:
    """Labels and annotations of an alert are ours or Prometheus', nobody can tell."""
    assert story.theirs == story.ours
    assert story.ours.keys() == {"GpuLost", XID}
