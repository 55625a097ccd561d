"""Figures and the file that keeps them: one section per benchmark, replaced when it runs again."""

import os
import platform
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
_TITLE = """# Figures

`make bench` measures again all that the machine at hand can measure, and says what it cannot and why; `python -m benchmarks NAME`
measures one section. Each says where and when it was measured last, so not all of them saw the same code. ON_GPU.md has the
figures of a real GPU.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure.

    Attributes:
        value: with its unit, and with its spread where it was measured more than once.
        target: what it should be; empty for a figure that stands beside the others.
    """

    name: str
    value: str
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What one benchmark found.

    Attributes:
        note: how to read it: how it was measured, what limits it.
    """

    title: str
    note: str
    figures: Sequence[Figure]


def limit(name: str, value: float, most: float, unit: str, spread: str = "") -> Figure:
    """A figure that should be *most* or less."""
    text = f"{value:.3g} {unit}{spread and f' ({spread})'}"
    return Figure(name=name, value=text, target=f"<= {most:g} {unit}", met=value <= most)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that *share* of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def spread(values: Sequence[float], unit: str) -> str:
    """From the least to the most, and of how many."""
    return f"{min(values):.3g} to {max(values):.3g} {unit}, n = {len(values)}"


def publish(section: Section, module: str, arguments: Sequence[str]) -> None:
    """Print *section* and put it into the file."""
    command = shlex.join(["python", "-m", module, *arguments])
    text = _render(section, command)
    print(text, flush=True)
    known = _sections(RESULTS.read_text()) if RESULTS.exists() else {}
    known[section.title] = text
    RESULTS.write_text("\n".join([_TITLE, *(known[title] for title in sorted(known))]))


def _sections(text: str) -> dict[str, str]:
    _, *parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    return {part.partition("\n")[0].removeprefix("## "): part.rstrip() + "\n" for part in parts}


def _render(section: Section, command: str) -> str:
    rows = [
        f"| {figure.name} | {figure.value} | {figure.target} | {_VERDICTS[figure.met]} |"
        for figure in section.figures
    ]
    lines = [
        f"## {section.title}",
        "",
        f"`{command}` on {datetime.now(UTC):%Y-%m-%d}, {_machine()}.",
        "",
        section.note,
        "",
        "| figure | measured | target | met |",
        "|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


_VERDICTS = {True: "yes", False: "**no**", None: ""}


def _machine() -> str:
    minute, _, quarter = os.getloadavg()
    return (
        f"{os.cpu_count()} cores of {_processor()}, Linux {platform.release()}, "
        f"Python {sys.version.split()[0]}, load average {minute:.1f} (15 minutes: {quarter:.1f})"
    )


def _processor() -> str:
    found = re.search(
        r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE
    )
    return found[1] if found else platform.machine()
