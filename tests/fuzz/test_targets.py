"""Every fuzz target takes the real inputs that it begins with, and all that ever broke it."""

from pathlib import Path

import pytest

from tests.fuzz.registry import TARGETS
from tests.fuzz.target import Target

FOUND = Path(__file__).parent / "found"


CASES = [(file.parent.name, file.name) for file in sorted(FOUND.glob("*/*"))]
"""Target and file name of each."""


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_seeds(target: Target) -> None:
    """Real inputs are taken."""
    for seed in target.seeds():
        target.one(seed)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_what_was_found_stays_mended(name: str, case: str) -> None:
    """What once was a crash, a hang or a waste of memory is none any more."""
    TARGETS[name].one((FOUND / name / case).read_bytes())


def test_shares_are_of_a_thousand() -> None:
    """A million inputs are a million."""
    assert sum(target.share for target in TARGETS.values()) == 1000


def test_seeds_fit() -> None:
    """No real input is cut before it is tried."""
    for target in TARGETS.values():
        assert max(map(len, target.seeds())) <= target.longest, target.name
