"""The page on SLOs: its example is checked, and answers what the page says."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.rules.rule import Record
from gpuvitals.cli import main
from slo.openslo.annotations import settings
from slo.openslo.examples import example
from slo.openslo.folder import Folder
from slo.openslo.objectives import objectives
from slo.rules import groups

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
    section = PAGE.partition("## Annotations")[2].partition("\n## ")[0]
    named = re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)
    values = {"no-data-alert": "page", "no-data-budget": "bad", "minimum-events": "1"}

    found = settings({f"gpuvitals.dev/{name}": values.get(name, "a") for name in named})

    assert len(found) == len(named) == 10


def test_what_comes_with_us_is_listed(tmp_path: Path) -> None:
    """Each objective and its target."""
    section = PAGE.partition("## Objectives that come with us")[2].partition("\n## ")[0]

    assert main(["slo", "specs", "--out", str(tmp_path)]) == 0
    found = objectives(Folder.load(tmp_path))
    listed = re.findall(r"^\| `([a-z-]+)` \| ([0-9.]+) % \|", section, re.MULTILINE)
    assert {(name, round(float(share), 9)) for name, share in listed} == {
        (one.name, round(one.target * 100, 9)) for one in found
    }


def test_every_recorded_name_is_told(tmp_path: Path) -> None:
    """The table has each series that the rules of any objective record; of windows and tiers one example."""
    assert main(["slo", "specs", "--out", str(tmp_path)]) == 0
    found = objectives(Folder.load(tmp_path))
    listed = [replace(one, members=(("a",) * len(one.parts),)) for one in found]
    section = PAGE.partition("## What is recorded")[2]

    recorded = {
        rule.name
        for one in listed
        for group in groups(one)
        for rule in group.rules
        if isinstance(rule, Record)
    }

    assert len(recorded) > 20
    for name in recorded:
        shown = re.sub(r"sum\d+[dwMQY]$", "sum30d", re.sub(r"ratio\d+[mhd]$", "ratio1h", name))
        assert f"`{re.sub('burning:.*', 'burning:page_fast', shown)}" in section
    windows = {
        name.removeprefix("slo:burn_rate:ratio") for name in recorded if "burn_rate" in name
    }
    assert all(re.search(rf"\b{window}\b", section) or window == "1h" for window in windows)


def test_the_files_of_annotations_can_be_read(tmp_path: Path) -> None:
    """Exclusions, corrections and the policy of the page, beside its first example."""
    first, *others = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    found_names = [(re.match(r"# ([a-z-]+): ", text), text) for text in others]
    named = {match[1]: text for match, text in found_names if match}
    lines = "".join(f"    gpuvitals.dev/{name}: {name}.yaml\n" for name in named)
    for name, text in named.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    spec = first.replace("  annotations:\n", f"  annotations:\n{lines}")
    (tmp_path / "slo.yaml").write_text(spec, encoding="utf-8")

    (found,) = objectives(Folder.load(tmp_path))

    assert len(named) == 3
    assert (len(found.exclusions), len(found.corrections), len(found.policy)) == (2, 1, 3)


def test_the_example_of_series_is_read(tmp_path: Path) -> None:
    """A file like that of the page holds a counter, from eight o'clock on."""
    file = tmp_path / "series.yaml"
    file.write_text(re.findall(r"```yaml\n(starts:.*?)```", PAGE, re.DOTALL)[0], encoding="utf-8")

    found = example(file)

    assert found.starts == 8 * 60
    assert [(line.good, line.bad, line.gains) for line in found.lines] == [(60, 0, True)]
