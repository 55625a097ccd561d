"""`gpuvitals xid` as a user meets it."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from catalog.errors import ConfigError
from catalog.xid import lookup, sxid
from gpuvitals.commands.xid import command
from gpuvitals.context import World


def run(*arguments: str) -> tuple[int, str]:
    """The exit code and what is printed."""
    world = World(environ={}, clock=lambda: 0.0)
    result = CliRunner().invoke(
        command, arguments, obj=world, standalone_mode=False, catch_exceptions=False
    )
    return result.return_value, result.stdout


def test_a_code_is_explained() -> None:
    """What it means, what to do and why, whom it concerns, what comes with it, where NVIDIA says so."""
    code, text = run("79")

    assert code == 0
    assert text == (
        "Xid 79: The GPU has fallen off the bus\n"
        "  name           ROBUST_CHANNEL_GPU_HAS_FALLEN_OFF_THE_BUS\n"
        "  what to do     reboot_node: drain the node and reboot it\n"
        "  notifies       page\n"
        "  why            A GPU that no longer answers over PCIe cannot be reset over it; if it is not back\n"
        "                 after the reboot, the board or its slot is broken.\n"
        "  concerns       hardware: most probably the GPU\n"
        "  comes with     45, 154\n"
        "  reported by    A100, H100, B100, GB200\n"
        "  NVIDIA         https://docs.nvidia.com/deploy/xid-errors/\n"
    )


def test_a_code_as_json() -> None:
    """One object with the same facts."""
    code, text = run("31", "--json")

    assert code == 0
    assert json.loads(text) == {
        "xid": 31,
        "catalogued": True,
        "description": "Page fault in GPU memory",
        "mnemonic": "ROBUST_CHANNEL_FIFO_ERROR_MMU_ERR_FLT",
        "action": "restart_app",
        "notifies": "ticket",
        "reason": lookup.explain(31).reason,
        "concerns": "application",
        "decided_with": [],
        "comes_with": [43, 45, 137],
        "gpus": ["A100", "H100", "B100", "GB200"],
        "link": "https://docs.nvidia.com/deploy/xid-errors/",
    }


@pytest.mark.parametrize("number", lookup.catalogued())
def test_every_catalogued_code_prints(number: int) -> None:
    """All 172, the unused ones included, with their action and its reason."""
    code, text = run(str(number))

    assert code == 0
    assert text.startswith(f"Xid {number}: {lookup.explain(number).description}\n")
    assert lookup.explain(number).action in text
    assert lookup.explain(number).reason in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("number", sxid.catalogued())
def test_every_sxid_prints(number: int) -> None:
    """With its recovery."""
    code, text = run(str(number), "--sxid")
    found = sxid.explain(number)

    assert found
    assert code == 0
    assert text.startswith(f"SXid {number}: {found.name}\n")
    assert found.recovery in " ".join(text.split())


@pytest.mark.parametrize("arguments", [("9999",), ("0",), ("7", "--sxid")])
def test_a_code_that_nvidia_does_not_list(arguments: tuple[str, ...]) -> None:
    """The answer is no."""
    code, text = run(*arguments)

    assert code == 1
    assert text.splitlines()[0].endswith(f"Xid {arguments[0]}: NVIDIA does not list it")
    assert json.loads(run(*arguments, "--json")[1])["catalogued"] is False


def test_a_sub_code_is_decoded() -> None:
    """The numbers of a record put another action in place of the code's own."""
    code, text = run("149", "--intrinfo", "0x026001c6", "--status", "0x0")

    assert code == 0
    assert "  what to do     none: nothing to do\n" in text
    assert "  unit           NETIR_LINK_EVT/NETIR_LINK_DOWN\n" in text
    assert (
        "  if it repeats  check_software: who or which software did it, unless it was meant\n"
        in text
    )


def test_a_sub_code_that_nvidia_does_not_list() -> None:
    """The answer is no, and what holds for the code follows."""
    code, text = run("149", "--intrinfo", "7", "--status", "1")

    assert code == 1
    assert text.splitlines()[1].startswith("NVIDIA lists no sub-code with these numbers")
    assert "reset_gpu" in text


def test_without_a_code_all_in_use_are_listed() -> None:
    """A line for each, under a heading; --json gives an object for each."""
    code, text = run()
    lines = text.splitlines()

    assert code == 0
    assert len(lines) == 111
    assert lines[0] == "XID  ACTION           NOTIFIES  DESCRIPTION"
    assert "79   reboot_node      page      The GPU has fallen off the bus" in lines
    assert [json.loads(line)["xid"] for line in run("--json")[1].splitlines()] == [
        int(line.split()[0]) for line in lines[1:]
    ]


def test_all_sxids_are_listed() -> None:
    """The same table for switches."""
    lines = run("--sxid")[1].splitlines()

    assert len(lines) == 94
    assert "12028  reset_gpu        page      Egress nonposted PRIV error" in lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("abc",), "not a valid integer"),
        (("79x",), "not a valid integer"),
        (("-5",), "No such option"),
        (("79", "80"), "unexpected extra argument"),
        (("149", "--status", "z", "--intrinfo", "1"), "'z' is no number of 32 bits"),
        (("149", "--status", "0x100000000", "--intrinfo", "1"), "is no number of 32 bits"),
    ],
)
def test_garbage_is_refused_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    """`gpuvitals` makes exit code 2 of it."""
    with pytest.raises(click.UsageError) as refused:
        run(*arguments)

    assert message in refused.value.format_message()
    assert "\n" not in refused.value.format_message()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("149", "--status", "1"), "give both --intrinfo and --status"),
        (("79", "--status", "1", "--intrinfo", "1"), "are for Xid 144 to 150"),
        (("149", "--sxid", "--status", "1", "--intrinfo", "1"), "are for Xid 144 to 150"),
        (("--status", "1", "--intrinfo", "1"), "are for Xid 144 to 150"),
    ],
)
def test_numbers_that_do_not_belong_are_refused(arguments: tuple[str, ...], message: str) -> None:
    """They go together, and with 144 to 150 only."""
    with pytest.raises(ConfigError, match=message):
        run(*arguments)


def test_what_the_configuration_overrides(tmp_path: Path) -> None:
    """Of a code that NVIDIA lists, and of one that it does not; the table's answer is still told."""
    file = tmp_path / "gpuvitals.yaml"
    file.write_text("xid_actions: {48: none, 999: reboot_node}\n")

    known = json.loads(run("48", "--json", "--config", str(file))[1])
    _, unknown = run("999", "--config", str(file))
    _, listed = run("--config", str(file))
    _, flagged = run("48", "--xid-actions", "48=contact_support")

    assert (known["action"], known["notifies"], known["overrides"]) == (
        "none",
        "nobody",
        "reset_gpu",
    )
    assert "reboot_node: drain the node and reboot it" in unknown
    assert "The configuration says so, in place of contact_support." in unknown
    assert [
        line.split()[:3] for line in listed.splitlines() if line.startswith(("48 ", "999 "))
    ] == [
        ["48", "none", "nobody"],
        ["999", "reboot_node", "page"],
    ]
    assert "contact_support: somebody has to look" in flagged
