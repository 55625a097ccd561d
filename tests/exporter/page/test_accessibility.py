"""What an axe would look for, by hand, in a real Chromium: names, roles, headings, contrast as computed."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.exporter.page.node import uuid

CHECKS = (Path(__file__).parent / "accessibility.js").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_is_wrong_on_any_page(browser: Browser, served: str, scheme: str) -> None:
    """Names, unique ids, landmarks, headings, tables with headers, pictures with a text, readable words."""
    wrong = {}
    async with await browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light"
    ) as context:
        page = await context.new_page()
        for path in ("/", f"/gpus/{uuid(0)}", "/gpus/none"):
            await page.goto(f"{served}{path}")
            await page.evaluate(
                "document.querySelectorAll('details').forEach((each) => (each.open = true))"
            )
            if found := await page.evaluate(CHECKS):
                wrong[path] = found

    assert wrong == {}


async def test_motion_stops_for_whoever_asks(browser: Browser, served: str) -> None:
    """Nothing moves by itself under prefers-reduced-motion."""
    async with await browser.new_context(reduced_motion="reduce") as context:
        page = await context.new_page()
        await page.goto(served)

        assert await page.evaluate("document.getAnimations().length") == 0


async def test_the_checks_find_what_is_wrong(browser: Browser) -> None:
    """A page with one of each mistake is not let through."""
    page = await browser.new_page()
    await page.set_content(
        "<button></button><a href='/'></a><table><tr><td>1</td></tr></table><svg></svg>"
        "<p id=a style='color: #999; background: #fff'>pale</p><p id=a>twice</p><h3>deep</h3>"
    )

    found = "\n".join(await page.evaluate(CHECKS))

    for mistake in (
        "no name",
        "column headers",
        "picture",
        "inline style",
        "#a",
        "of main",
        "skipped",
        "contrast",
    ):
        assert mistake in found
