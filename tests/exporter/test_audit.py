"""The audit log is readable by us, bounded in size, and in nobody's way."""

import json
import logging
import stat
from pathlib import Path

import pytest

from exporter.audit import FILE, Audit, Outcome, What


def test_one_line_says_who_did_what(tmp_path: Path) -> None:
    """With the time in UTC, and what came of it."""
    audit = Audit(tmp_path, lambda: 1_800_000_000.5)

    audit.write(What.FAULT_INJECTION, Outcome.ACCEPTED, who="alice@10.0.0.7", fault="hang")

    (line,) = (tmp_path / FILE).read_text().splitlines()
    assert json.loads(line) == {
        "time": "2027-01-15T08:00:00.500+00:00",
        "who": "alice@10.0.0.7",
        "what": "fault_injection",
        "outcome": "accepted",
        "fault": "hang",
    }


def test_only_we_may_read_it(tmp_path: Path) -> None:
    """Also where somebody made the file with other rights."""
    (tmp_path / FILE).touch(mode=0o666)

    Audit(tmp_path, lambda: 0.0).write(What.REQUEST, Outcome.REFUSED, who="x")

    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_full_file_is_put_aside(tmp_path: Path) -> None:
    """Two files at most, whatever a stranger makes us write."""
    audit = Audit(tmp_path, lambda: 0.0, full=1000)
    for number in range(30):
        audit.write(What.REQUEST, Outcome.REFUSED, who=str(number), path="x" * 10_000)

    kept = list(tmp_path.iterdir())
    assert {file.name for file in kept} <= {FILE, f"{FILE}.1"}
    assert all(file.stat().st_size < 2000 for file in kept)
    assert (
        max(
            int(json.loads(line)["who"]) for file in kept for line in file.read_text().splitlines()
        )
        == 29
    )


def test_forged_lines_stay_one_line(tmp_path: Path) -> None:
    """What a stranger sends cannot look like a line of ours."""
    Audit(tmp_path, lambda: 0.0).write(What.REQUEST, Outcome.REFUSED, who="x\n{}\u2028")

    assert len((tmp_path / FILE).read_text().splitlines()) == 1


def test_failing_to_write_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A full disk, or a link that somebody laid there."""
    caplog.set_level(logging.ERROR)
    (tmp_path / FILE).symlink_to(tmp_path / "elsewhere")

    Audit(tmp_path, lambda: 0.0).write(What.REQUEST, Outcome.REFUSED, who="x")

    assert "audit.failed" in caplog.text
    assert not (tmp_path / "elsewhere").exists()
