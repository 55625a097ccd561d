"""The rules of one objective on samples a minute apart, judged by the real promtool."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog.rules.files import plain
from slo.objective import Objective
from slo.rules import groups
from tests.slo.promtool import Asked, Case, complaint


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What was scraped.

    Attributes:
        series: how promtool writes their values, by selector.
        start: the time of the first.
        every: the time from one evaluation to the next.
    """

    series: Mapping[str, str]
    start: str = "1970-01-01T00:00:00Z"
    every: str = "5m"


def judge(promtool: Path, folder: Path, of: Objective, samples: Samples, *asked: Asked) -> None:
    """Evaluate the rules of *of* on *samples*, then ask."""
    file = folder / "rules.yml"
    file.write_text(plain(groups(of), "gpuvitals", "us"), encoding="utf-8")
    case = Case(series=samples.series, asked=asked, start=samples.start)
    wrong = complaint(promtool, [file], [case], samples.every)
    assert not wrong, wrong
