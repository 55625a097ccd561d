"""The page on SLOs: its example is checked, and answers what the page says."""

import re
from pathlib import Path

import pytest

from gpuvitals.cli import main
from slo.openslo.annotations import settings

PAGE = (Path(__file__).parents[2] / "docs" / "slo.md").read_text(encoding="utf-8")


def test_the_example_answers_what_the_page_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`slo check` prints the table of the page."""
    (tmp_path / "slo.yaml").write_text(
        re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0], encoding="utf-8"
    )

    code = main(["slo", "check", str(tmp_path)])

    assert code == 0
    assert capsys.readouterr().out in PAGE


def test_every_annotation_is_known() -> None:
    """The page names the settings that there are."""
    named = re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)
    values = {"no-data-alert": "page", "no-data-budget": "bad", "minimum-events": "1"}

    found = settings({f"gpuvitals.dev/{name}": values.get(name, "a") for name in named})

    assert len(found) == len(named) == 6
