"""The objectives on the page: in words, and in a real Chromium."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from exporter.objectives import PENDING, Objectives
from exporter.page import overview
from exporter.page.scene import Scene
from slo.objective import Objective
from slo.status import WINDOWS, GroupStatus, ObjectiveStatus, Source
from slo.statuses import Standing
from tests.exporter.page.conftest import Site
from tests.exporter.page.node import NOW, uuid
from tests.exporter.page.test_overview import text
from tests.exporter.promises import AVAILABLE, ELSEWHERE, minutes

CHECKS = (Path(__file__).parent / "accessibility.js").read_text(encoding="utf-8")
END = NOW // 300 * 300


def group(name: str = "GPU-a", **facts: object) -> GroupStatus:
    well = GroupStatus(
        group=(name,),
        state="ok",
        events=1000.0,
        bad_events=0.0,
        remaining=1.0,
        burn_rates=dict.fromkeys(WINDOWS, 0.0),
        exhaustion_seconds=None,
        coverage=1.0,
    )
    return replace(well, **facts)  # type: ignore[arg-type] # as the test says


def drawn(site: Site, *groups: GroupStatus, of: Objective = AVAILABLE, refused: str = "") -> str:
    status = ObjectiveStatus(objective=of, source=Source.HISTORY, groups=groups, refused=refused)
    scene = replace(site.scene(), standing=Standing(at=END, objectives=(status,)))
    return text(overview.fragments(scene)["objectives"])


def fragments(scene: Scene) -> Mapping[str, str]:
    return overview.fragments(scene)


def test_without_a_folder_the_page_says_nothing_of_objectives(site: Site) -> None:
    """No heading, no empty table."""
    scene = site.scene()

    assert "objectives" not in fragments(scene)
    assert "Objectives" not in overview.body(scene, overview.fragments(scene))


def test_before_they_are_known_the_page_says_that(site: Site) -> None:
    """A first answer over 30 days takes a moment."""
    scene = replace(site.scene(), standing=PENDING)

    assert text(fragments(scene)["objectives"]) == "Being computed."


def test_the_worst_group_speaks_for_an_objective(site: Site) -> None:
    """By its state first, then by what is left of its budget."""
    rates = {**dict.fromkeys(WINDOWS, 0.0), "1h": 14.41}
    burning = group("GPU-b", state="burning", bad_events=1.0, remaining=0.25, burn_rates=rates)

    said = drawn(site, group(), burning, group("GPU-c", remaining=0.1))

    assert said.endswith(
        "gpu-availability {uuid=GPU-b}, the worst of 3 burning 99.9 % 25 % 14.4 \u00d7"
    )
    assert said.startswith("As of 20:30:00 UTC, by the history of this node")


def test_a_share_has_the_digits_that_it_needs(site: Site) -> None:
    """Four nines are not rounded to all."""
    assert "99.997 %" in drawn(site, group(events=1e6, bad_events=30.0))
    assert "98 %" in drawn(site, group(bad_events=20.0))


def test_what_cannot_be_told_is_not_ok(site: Site) -> None:
    """It says why, in words; nothing is shown as 0."""
    said = drawn(site, of=ELSEWHERE, refused="the embedded history does not keep answers")

    assert said.endswith(
        "answers the embedded history does not keep answers unknown \u2013 \u2013 \u2013"
    )


def test_an_objective_without_groups_has_no_data(site: Site) -> None:
    """Nobody was ever seen."""
    assert drawn(site).endswith("gpu-availability no data \u2013 \u2013 \u2013")


@pytest.fixture
def promised(site: Site) -> Site:
    """A node with two objectives and six hours of history."""
    site.history.append(list(minutes(END, uuid(0), uuid(1))))
    site.objectives = Objectives(site.history, lambda: site.now, (AVAILABLE, ELSEWHERE))
    return site


@pytest.mark.parametrize("width", [1440, 320])
async def test_in_a_browser(browser: Browser, promised: Site, width: int) -> None:
    """The table arrives by itself, has names for who does not see it, breaks no policy and fits its window."""
    complaints: list[str] = []
    async with (
        TestServer(promised.application()) as server,
        await browser.new_context(viewport={"width": width, "height": 900}) as context,
    ):
        page = await context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(str(server.make_url("/")))

        table = page.get_by_role("table", name="As of 20:30:00 UTC")
        row = table.get_by_role("row", name=re.compile("gpu-availability"))
        await expect(row).to_contain_text("exhausted", timeout=8_000)
        await expect(row.get_by_role("rowheader")).to_contain_text("the worst of 2")
        await expect(page.get_by_role("region", name="Objectives")).to_be_visible()
        await expect(table.get_by_role("columnheader")).to_have_count(5)
        assert await page.evaluate(CHECKS) == []
        assert await page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    assert complaints == []
