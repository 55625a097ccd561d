"""WCAG 2.2, 1.4.3 and 1.4.11, computed from the style sheet's own colours."""

import re
from itertools import product

import pytest

from exporter.page import assets

GROUNDS = ("page", "sheet", "raised", "critical-sheet", "warning-sheet")
WORDS = ("text", "muted", "accent", "ok", "warning", "critical")
LINES = ("s0", "s1", "s2", "s3", "s4")
_PAIR = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")

COLOURS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in _PAIR.findall(assets.load("gpuvitals.css").body.decode())
}


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_21() -> None:
    """The formula is the standard's."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_can_be_read_on_every_ground(theme: str) -> None:
    """AA for text of any size: 4.5."""
    weak = {
        (word, ground): round(ratio, 2)
        for word, ground in product(WORDS, GROUNDS)
        if (ratio := contrast(COLOURS[word][theme], COLOURS[ground][theme])) < 4.5
    }

    assert weak == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_can_be_seen_on_the_sheet(theme: str) -> None:
    """AA for graphics: 3."""
    weak = {
        line: round(ratio, 2)
        for line in LINES
        if (ratio := contrast(COLOURS[line][theme], COLOURS["sheet"][theme])) < 3
    }

    assert weak == {}
