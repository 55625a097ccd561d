"""Counters as services make them: steady, bursts, idle, scrapes missed, restarts, gone for good; for hypothesis."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

MINUTES = 360
"""How long each is scraped, once a minute."""
_MISSED = None


@dataclass(frozen=True, slots=True)
class Spell:
    """Some minutes of the same kind.

    Attributes:
        events, errors: a minute.
        seen: whether it was scraped.
        restart: whether it begins with counters at 0.
    """

    minutes: int
    events: int
    errors: int
    seen: bool
    restart: bool


Values = Sequence[int | None]
"""What each scrape saw; None where there was none."""


def spells() -> st.SearchStrategy[list[Spell]]:
    """The life of a service."""
    # Busy ones often, since idle and small ones alone say little; sizes that no float holds in full too.
    rates = st.one_of(
        st.just(0), st.integers(1, 10), st.integers(100, 10_000), st.just(10**15 + 1)
    )
    kinds = st.builds(
        Spell,
        st.one_of(st.integers(1, 12), st.integers(30, 120)),
        rates,
        rates,
        st.sampled_from((True, True, True, False)),
        st.sampled_from((False, False, True)),
    )
    return st.lists(kinds, min_size=1, max_size=12)


def scraped(life: Sequence[Spell], more: int = 0) -> tuple[Values, Values]:
    """The counters of events and of errors, with *more* errors in each minute that has events.

    A restart shows in every scrape after it: the first one sees 0.
    """
    events, errors = 0, 0
    seen: list[tuple[int | None, int | None]] = []
    for spell in life:
        if spell.restart:
            events, errors = 0, 0
            seen.append((0, 0))
        for _ in range(spell.minutes):
            events += spell.events
            errors += spell.errors + (more if spell.events else 0)
            seen.append((events, errors) if spell.seen else (_MISSED, _MISSED))
    first, second = zip(*seen[:MINUTES], strict=True)
    return first, second


def written(values: Values) -> str:
    """As promtool reads them."""
    return " ".join("_" if value is None else str(value) for value in values)
