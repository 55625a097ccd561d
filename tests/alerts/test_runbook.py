"""The generated part of a runbook, and what is written by hand below it."""

from dataclasses import replace
from pathlib import Path

import pytest

from alerts import runbook
from alerts.policies import ALL, BY_NAME
from alerts.policy import Policy, Severity
from catalog.errors import ConfigError
from gpuvitals.cli import main

WRITTEN = "\n## Symptom\n\nSomething.\n"
LOST = BY_NAME["GpuLost"]


def test_what_is_written_by_hand_stays() -> None:
    """The frame follows the policy; below the mark nothing changes."""
    before = runbook.page(LOST, f"an older frame\n{runbook.END}\n{WRITTEN}")
    after = runbook.page(replace(LOST, severity=Severity.TICKET), before)

    assert before.endswith(f"{runbook.END}\n{WRITTEN}")
    assert after.endswith(f"{runbook.END}\n{WRITTEN}")
    assert "`page`: somebody is woken" in before
    assert "`ticket`: somebody looks in working hours" in after
    assert runbook.page(LOST, after) == before


def test_a_page_without_the_mark_is_left_alone() -> None:
    """Nobody knows which part of it is whose."""
    with pytest.raises(ConfigError, match=r"GpuLost\.md: the line .* is missing; put it before"):
        runbook.page(LOST, "# GpuLost\n")


def test_the_frame_says_what_the_policy_says() -> None:
    """Labels in capitals, the limits of the expression, what it is silenced by and silences."""
    fatal = runbook.page(BY_NAME["NvswitchSxidFatal"], "")
    links = runbook.page(BY_NAME["GpuNvlinkErrors"], "")
    heat = runbook.page(BY_NAME["GpuThermalSlowdown"], "")

    assert "SXid SXID of NVSwitch NVSWITCH: traffic" in fatal
    assert "`gpuvitals xid --sxid SXID`" in fatal
    assert "one alert for each `node`, `nvswitch`, `sxid`" in fatal
    assert "| explained by | [GpuNvlinkDown](GpuNvlinkDown.md), [NvswitchSxidFatal]" in links
    assert "[GpuNvlinkErrors](GpuNvlinkErrors.md)" in fatal
    assert (
        'Limits:\n\n- `increase(gpu_clock_event_seconds_total{reason="hw_thermal_slowdown"}[5m]) > 60`\n'
        in heat
    )
    assert "| fires | after 2m |" in heat
    assert "N seconds of the last 300." in heat


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name)
def test_no_template_is_left(policy: Policy) -> None:
    """A page is about no alert in particular."""
    assert "{{" not in runbook.page(policy, "")


def test_pages_are_written_where_they_are_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever keeps runbooks of their own gets the frames and empty sections, and their words are kept."""
    folder = tmp_path / "ours"
    command = ["alerts", "runbooks", "--out", str(folder)]

    assert main([*command, "--check"]) == 1
    assert "not up to date" in capsys.readouterr().err
    assert not folder.exists()

    assert main(command) == 0
    assert {page.stem for page in folder.iterdir()} == BY_NAME.keys()
    own = folder / "GpuLost.md"
    text = own.read_text(encoding="utf-8")
    assert all(f"\n## {section}\n" in text for section in runbook.SECTIONS)

    own.write_text(text.replace("## Act\n", "## Act\n\nCall Ada.\n"), encoding="utf-8")
    assert main([*command, "--check"]) == 0
    own.write_text(text.replace("# GpuLost\n", "# Lost\n"), encoding="utf-8")
    assert main([*command, "--check"]) == 1
