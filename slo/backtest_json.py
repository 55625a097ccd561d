"""A backtest as JSON."""

from datetime import UTC, datetime
from typing import Any

from slo.backtest import Backtest, TierTest
from slo.incidents import Score
from slo.objective import Objective
from slo.replay import Page


def plain(found: Backtest) -> dict[str, Any]:
    """Everything, in values that JSON has."""
    return {
        "slo": found.objective.name,
        "from": written(found.start),
        "to": written(found.end),
        "refused": found.refused or None,
        "target": found.objective.target,
        "wanted_target": found.wanted_target,
        "pages_per_month": found.pages_per_month,
        "pages": [_page(found.objective, page) for page in found.pages],
        "tiers": [_tier(tier) for tier in found.tiers],
        "incidents": None if found.score is None else _score(found.score),
    }


def _page(objective: Objective, page: Page) -> dict[str, Any]:
    return {
        "labels": dict(zip(objective.by, page.group, strict=True)),
        "began": written(page.began),
        "ended": None if page.ended is None else written(page.ended),
        "tiers": [tier.name for tier in page.tiers],
    }


def _tier(found: TierTest) -> dict[str, Any]:
    return {
        "tier": found.tier.name,
        "severity": found.tier.severity,
        "burn_rate": found.factor,
        "alerts": found.alerts,
        "wanted_burn_rate": found.wanted_factor,
    }


def _score(found: Score) -> dict[str, Any]:
    return {
        "precision": found.precision,
        "recall": found.recall,
        "median_seconds_to_detect": found.median_seconds,
        "list": [
            {
                "start": written(one.start),
                "end": written(one.end),
                "labels": dict(one.labels),
                "seconds_to_detect": seconds,
            }
            for one, seconds in zip(found.incidents, found.detected, strict=True)
        ],
    }


def written(at: float) -> str:
    """A time in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
