"""Silences of a real Alertmanager become files, and files stay."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from catalog import yamlfile
from gpuvitals.cli import main
from tests.alertmanager import running

pytestmark = pytest.mark.tools

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def alertmanager(
    tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("alertmanager")
    config = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
    with running(tool("alertmanager"), config, folder) as found:
        yield found.url


def silence(
    url: str, hours: float, comment: str, *matchers: tuple[str, str], id_: str = ""
) -> str:
    """Silence what agrees with *matchers* for so many hours from now on."""
    body = {
        "id": id_,
        "matchers": [
            {
                "name": name,
                "value": value.removeprefix("=~"),
                "isRegex": value.startswith("=~"),
                "isEqual": True,
            }
            for name, value in matchers
        ],
        "startsAt": NOW.isoformat(),
        "endsAt": (NOW + timedelta(hours=hours)).isoformat(),
        "createdBy": "ops",
        "comment": comment,
    }
    head = {"Content-Type": "application/json"}
    request = Request(f"{url}/api/v2/silences", json.dumps(body).encode(), head)  # noqa: S310 - our own loopback
    with urlopen(request, timeout=10) as answer:  # noqa: S310
        made: str = json.load(answer)["silenceID"]
    return made


def pull(url: str, folder: Path, matcher: str) -> int:
    arguments = ["--alertmanager", url, "--matcher", matcher, "--out", str(folder)]
    return main(["slo", "exclusions", "pull", *arguments])


def test_silences_are_copied_once(
    alertmanager: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that agree with the matcher, each into a dated file that is never changed; a silence that was changed is told."""
    folder = tmp_path / "silences"
    about = (
        ("team", "ml"),
        ("cluster", "=~a|b"),
        ("alertname", "SloBurning"),
        ("slo", "availability"),
    )
    found = silence(alertmanager, 1, "power works: hall B", *about)
    silence(alertmanager, 1, "of others", ("team", "net"))

    assert pull(alertmanager, folder, 'team="ml"') == 0
    (file,) = folder.iterdir()
    before = file.read_bytes()
    entries = yamlfile.load(file).value

    assert isinstance(entries, list)
    (entry,) = entries
    assert file.name.endswith(f"-silence-{found}.yaml")
    assert file.name.startswith(f"{NOW:%Y-%m-%d}")
    assert isinstance(entry, dict)
    assert entry["reason"] == "power works: hall B"
    assert entry["author"] == "ops"
    assert entry["where"] == {"cluster": "=~a|b", "slo": "availability"}
    assert datetime.fromisoformat(str(entry["end"])) == (NOW + timedelta(hours=1)).replace(
        microsecond=0
    )

    assert pull(alertmanager, folder, 'team="ml"') == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{file} kept"
    silence(alertmanager, 2, "power works: hall B", *about, id_=found)
    assert pull(alertmanager, folder, 'team="ml"') == 1
    assert f"{file} is kept, but the silence is now from" in capsys.readouterr().out
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("url", "matcher", "complaint"),
    [
        ("", "team=~(", "Alertmanager takes no such matcher"),
        ("http://127.0.0.1:1", 'team="ml"', "http://127.0.0.1:1 cannot be asked"),
        ("alertmanager:9093", 'team="ml"', "is no address of an Alertmanager; write http://HOST:9093"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(
    alertmanager: str, tmp_path: Path, url: str, matcher: str, complaint: str
) -> None:
    """In one line; nothing is written."""
    said = io.StringIO()
    with redirect_stderr(said):
        assert pull(url or alertmanager, tmp_path / "silences", matcher) == 2

    assert complaint in said.getvalue()
    assert not (tmp_path / "silences").exists()
