"""The examples of docs/api.md are requests that work and answers of the shape that they show."""

import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import msgspec
import pytest

from slo.report_schema import SCHEMA, Report
from tests import servers
from tests.exporter.promises import DOCUMENT
from tests.exporter.server import eventually

PAGE = (Path(__file__).parent.parent.parent / "docs" / "api.md").read_text()


class Example(NamedTuple):
    port: int
    method: str
    path: str
    body: str | None
    answer: Any


def examples() -> list[Example]:
    """Each indented curl of the page with the JSON block after it."""
    found = re.findall(r"^    (curl [^\n]*)\n\n```json\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
    return [example(command, json.loads(answer)) for command, answer in found]


def example(command: str, answer: Any) -> Example:
    words = shlex.split(command)
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    body = words[words.index("-d") + 1] if "-d" in words else None
    (url,) = [word for word in words if word.startswith("localhost:")]
    port, slash, path = url.removeprefix("localhost:").partition("/")
    return Example(int(port), method, slash + path, body, answer)


def shape(shown: Any, given: Any, place: str = "") -> None:
    """Every key that is shown is given, with a value of the same kind."""
    if isinstance(shown, dict):
        assert isinstance(given, dict), place
        for key, value in shown.items():
            assert key in given, f"{place}.{key}"
            shape(value, given[key], f"{place}.{key}")
    elif isinstance(shown, list):
        assert isinstance(given, list), place
        for value in given[:1] if shown else ():
            shape(shown[0], value, f"{place}[0]")
    elif shown is not None and given is not None:
        kinds = (int, float) if isinstance(shown, (int, float)) else type(shown)
        assert isinstance(given, kinds), place


def test_the_page_has_examples() -> None:
    """Nothing is tested by accident of a changed layout."""
    assert len(examples()) == PAGE.count("```json") >= 5


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an exporter on the simulator that takes faults."""
    folder, port = tmp_path_factory.mktemp("examples"), servers.free_port()
    address = f"http://127.0.0.1:{port}"
    scenario = folder / "idle.yaml"
    scenario.write_text("gpus: [{model: H100, count: 8, workload: idle}]\n")
    slos = folder / "slos"
    slos.mkdir()
    (slos / "slo.yaml").write_text(DOCUMENT, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "gpuvitals",
        "serve",
        "--source",
        f"sim:{scenario}",
        "--allow-fault-injection",
        "--probe-speed",
        "600",
    ]
    command += [
        "--slo-dir",
        str(slos),
        "--state-dir",
        str(folder),
        "--listen",
        f"127.0.0.1:{port}",
    ]
    with servers.started(command, f"{address}/healthz/gpus", folder / "log"):
        eventually(lambda: '"launch"' in servers.get(f"{address}/api/v1/probes"))
        yield address


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a simulated fleet that takes faults."""
    folder, port = tmp_path_factory.mktemp("fleet"), servers.free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "gpuvitals", "simulate", "--nodes", "2", "--gpus", "1"]
    command += ["--allow-fault-injection", "--listen", f"127.0.0.1:{port}"]
    with servers.started(command, f"{address}/healthz", folder / "log"):
        yield address


@pytest.mark.parametrize("case", examples(), ids=lambda case: case.path)
def test_example(case: Example, exporter: str, fleet: str) -> None:
    """The request of the page is answered in the shape of the page."""
    body = case.body.encode() if case.body else None
    url = {9400: exporter, 9401: fleet}[case.port] + case.path
    request = Request(url, data=body, method=case.method)  # noqa: S310

    with urlopen(request, timeout=10) as response:  # noqa: S310 - our own loopback
        answer = json.load(response)

    shape(case.answer, answer)


def test_the_report_of_the_docs_is_the_schema() -> None:
    """What a strict reader of the report takes."""
    text = (Path(__file__).parents[2] / "docs" / "slo.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```json\n(.*?)```", text, re.MULTILINE | re.DOTALL)

    report = msgspec.json.decode(example, type=Report)

    assert report.schema == SCHEMA
