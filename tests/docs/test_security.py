"""The examples of docs/security.md are what the exporter reads and writes."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from exporter.web.door import config, lock
from exporter.web.door.limits import Limits
from exporter.web.door.record import Denial
from tests.exporter.door.house import Authority, house

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


async def test_example_configuration_is_served(tmp_path: Path) -> None:
    """With the files that it names, for the client and the user that it knows."""
    authority = Authority(tmp_path, trustme.CA())
    authority.server()

    async with house(tmp_path, block("yaml")) as served:
        client = authority.client("prometheus.monitoring.svc")
        assert (await served.get(tls=client, user="prometheus"))[0] == 200
        assert (await served.get(tls=client))[0] == 401

    assert config.load(tmp_path / "web.yml").headers
    lock.check(str(tmp_path / "web.yml"))


async def test_example_line_has_the_keys_of_a_real_one(tmp_path: Path) -> None:
    """Of a denied request."""
    users = re.search(r"^basic_auth_users:.*", block("yaml"), re.DOTALL | re.MULTILINE)
    assert users
    async with house(tmp_path, users[0]) as served:
        await served.get(user="prometheus", password="guess")  # noqa: S106 - wrong on purpose

        (line,) = served.audit()
    shown = json.loads(block("json"))
    assert shown.keys() == line.keys()
    assert shown["reason"] in set(Denial)


def test_limits_are_the_ones_in_force() -> None:
    """The numbers of the page."""
    limits = Limits()

    assert f"{limits.connections:,} connections" in PAGE
    assert f"{limits.handshake:.0f} s for a handshake" in PAGE
    assert f"{limits.stall:.0f} s without reading" in PAGE


@pytest.mark.tools
def test_example_configuration_is_one_for_prometheus(
    tmp_path: Path, tool: Callable[[str], Path]
) -> None:
    """What we take, exporter-toolkit takes: the format is theirs."""
    Authority(tmp_path, trustme.CA()).server()
    (tmp_path / "web.yml").write_text(block("yaml"))

    said = subprocess.run(
        [tool("promtool"), "check", "web-config", tmp_path / "web.yml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 0, said.stderr
