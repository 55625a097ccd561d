"""The runbooks: one for each alert, with all sections; their links lead somewhere and their commands work."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from alerts.policies import ALL, SUBJECTS, alerting, usage, watching
from alerts.runbook import END, SECTIONS, VENDOR
from catalog.event import EventKind
from catalog.metrics import ALL as FAMILIES
from catalog.xid.actions import Action
from gpuvitals.cli import main
from tests import alertmanager, prometheus, servers
from tests.exporter.server import Server, eventually, serving

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {page.stem: page.read_text(encoding="utf-8") for page in (DOCS / "runbooks").iterdir()}
OURS = (usage, watching, alerting)
"""Subjects in which nothing of NVIDIA's has failed, but for the driver that is down."""
HARDWARE = {
    policy.name for subject in SUBJECTS if subject not in OURS for policy in subject.POLICIES
}
WORDS = {
    *(family.name for family in FAMILIES),
    *EventKind,
    *Action,
    "gpu_is_lost",
    "gpu_reset",
}
"""What begins as a metric of ours does and may be written."""


def written(name: str) -> str:
    """The part of a page that is written by hand."""
    return PAGES[name].partition(f"{END}\n")[2]


def commands(*programs: str) -> tuple[str, ...]:
    """Each command of the pages that one of *programs* runs, from fenced blocks and from the text, once."""
    found: dict[str, None] = {}
    for name in sorted(PAGES):
        text = written(name)
        lines = [
            line.strip()
            for block in re.findall(r"^ *```sh\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
            for line in block.splitlines()
        ]
        lines += re.findall(r"(?<!`)`([^`\n]+)`", text)
        found |= dict.fromkeys(line for line in lines if line.split()[0] in programs)
    return tuple(found)


def test_each_alert_has_a_page_and_no_other() -> None:
    """A page without an alert would be read by nobody, and never mended."""
    assert PAGES.keys() == {policy.name for policy in ALL}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_section_is_there(name: str) -> None:
    """In one order, none empty; what hardware may have caused says what the vendor will ask for."""
    parts = re.split(r"^## (.+)\n", written(name), flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))

    assert not parts[0].strip()
    assert tuple(sections)[: len(SECTIONS)] == SECTIONS
    assert set(sections) - set(SECTIONS) <= {VENDOR}
    assert (VENDOR in sections) >= (name in HARDWARE)
    assert all(len(text.split()) > 5 for text in sections.values())


@pytest.mark.parametrize("name", [*sorted(PAGES), "../alerts"])
def test_links_lead_somewhere(name: str) -> None:
    """Each is a file beside the page."""
    page = DOCS / "runbooks" / f"{name}.md"

    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).is_file(), link


@pytest.mark.parametrize("name", sorted(PAGES))
def test_what_is_named_exists(name: str) -> None:
    """Metrics, events and actions of the text are those that there are."""
    named = set(re.findall(r"\bgpu(?:vitals)?_[a-z0-9_]+", written(name)))

    assert named <= WORDS


class Scene(NamedTuple):
    """A simulated node that is watched, and what stands for it in the pages."""

    server: Server
    state: Path
    scenario: Path
    uuid: str

    def filled(self, command: str) -> str:
        """*command* about this node."""
        here = f"127.0.0.1:{self.server.port}"
        named = {
            "NODE:9400": here,
            "INSTANCE": here,
            "UUID": self.uuid,
            "SXID": "20034",
            "XID": "79",
            "PROBE": "compute-integrity",
            "NAME": "kernel-latency",
        }
        for word, value in named.items():
            command = re.sub(rf"\b{word}\b", value, command)
        return command


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Two idle GPUs."""
    folder = tmp_path_factory.mktemp("runbooks")
    scenario = folder / "idle.yaml"
    scenario.write_text("gpus: [{model: H100, count: 2, workload: idle}]\n", encoding="utf-8")
    with serving(folder, "--source", f"sim:{scenario}", "--probes=-all") as server:
        eventually(lambda: server.all_ok(2))
        (labels,) = server.metrics().values("gpu_info", gpu="0")
        yield Scene(server, folder / "state", scenario, dict(labels)["uuid"])


@pytest.mark.parametrize(
    "command", [one for one in commands("curl") if not re.search("PROMETHEUS|ALERTMANAGER", one)]
)
def test_curl(scene: Scene, command: str) -> None:
    """It is answered, by 200."""
    done = subprocess.run(  # noqa: S602 - as it is pasted
        scene.filled(command).replace("curl", "curl --fail --silent --show-error", 1),
        shell=True,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize(
    "command", sorted(commands("gpuvitals"), key=lambda command: " release " in str(command))
)
def test_gpuvitals(
    scene: Scene, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with 0; of a setting of the exporter it is checked that there is such a one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GPUVITALS_STATE_DIR", str(scene.state))
    program, *words = scene.filled(command).partition(" | ")[0].split()
    if words[0] == "serve":
        words[:1] = ["config", "check"]
    if words[:2] == ["probe", "run"]:
        words += ["--source", f"sim:{scene.scenario}"]

    assert program == "gpuvitals"
    assert main(words) == 0


@pytest.mark.tools
def test_commands_of_prometheus_and_alertmanager(
    tool: Callable[[str], Path], tmp_path: Path
) -> None:
    """Each is answered by the real servers."""
    rules = tmp_path / "rules.yml"
    assert main(["alerts", "rules", "--out", str(rules)]) == 0
    told = tmp_path / "alertmanager.yml"
    assert main(["alerts", "alertmanager", "--out", str(told)]) == 0
    text = told.read_text(encoding="utf-8")
    port = servers.free_port()
    config = {
        "rule_files": [str(rules)],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}]},
    }
    with (
        prometheus.running(tool("prometheus"), config, tmp_path) as asked,
        alertmanager.running(tool("alertmanager"), text, tmp_path, port=port),
    ):
        named = {
            "http://PROMETHEUS:9090": asked.url,
            "http://ALERTMANAGER:9093": f"http://127.0.0.1:{port}",
            "prometheus.yml": str(tmp_path / "prometheus.json"),
        }
        tried = [
            command
            for command in commands("curl", "promtool", "amtool")
            if any(word in command for word in named)
        ]
        assert len(tried) > 5
        for command in tried:
            filled = command.replace("curl", "curl --fail --silent --show-error", 1)
            for word, value in named.items():
                filled = filled.replace(word, value)
            subprocess.run(  # noqa: S602 - as it is pasted
                filled,
                shell=True,
                check=True,
                env={"PATH": f"{tool('promtool').parent}:/usr/bin:/bin"},
                stdout=subprocess.DEVNULL,
            )
