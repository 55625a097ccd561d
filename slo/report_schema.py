"""The report of a month, as JSON that others read.

The fields are a contract: one that changes its meaning or goes away makes a new version of `SCHEMA`; new ones do not.
"""

import msgspec

SCHEMA = "gpuvitals.dev/slo-report/v1"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all have in common."""


class ReportDay(_Part, frozen=True, kw_only=True):
    """One day of one group.

    Attributes:
        budget_spent: share of the month's budget that went on this day.
    """

    date: str
    events: float
    bad_events: float
    budget_spent: float


class ReportPage(_Part, frozen=True, kw_only=True):
    """A time in which somebody would have been paged.

    Attributes:
        ended: None if it had not ended when the report did.
    """

    began: str
    ended: str | None
    tiers: list[str]


class ReportMeasured(_Part, frozen=True, kw_only=True):
    """What a group would have had if every event counted and none was corrected.

    Attributes:
        excluded_seconds: of the month that do not count.
    """

    events: float
    bad_events: float
    budget_spent: float
    excluded_seconds: float


class ReportExclusion(_Part, frozen=True, kw_only=True):
    """Time that does not count, and why.

    Attributes:
        labels: of the groups that it is about, as matchers; none is all.
        seconds: of the month.
    """

    reason: str
    author: str
    labels: dict[str, str]
    seconds: float


class ReportCorrection(_Part, frozen=True, kw_only=True):
    """Events that a person added, or took away where the number is below 0."""

    at: str
    labels: dict[str, str]
    events: float
    bad_events: float
    reason: str
    author: str


class ReportGroup(_Part, frozen=True, kw_only=True):
    """One group of one objective.

    Attributes:
        sli: share of good events; None if there were none.
        budget_spent: share of the month's error budget; above 1 is overdrawn.
        coverage: share of the month, as far as it has passed, of which anything is known.
        worst_days: those that spent most, most first.
        measured: before exclusions and corrections; None of an objective that has neither.
    """

    labels: dict[str, str]
    sli: float | None
    met: bool | None
    events: float
    bad_events: float
    budget_spent: float
    coverage: float
    worst_days: list[ReportDay]
    pages: list[ReportPage]
    measured: ReportMeasured | None


class ReportObjective(_Part, frozen=True, kw_only=True):
    """One objective.

    Attributes:
        refused: why nothing can be told; None if it can.
    """

    slo: str
    service: str
    owner: str
    target: float
    window: str
    refused: str | None
    exclusions: list[ReportExclusion]
    corrections: list[ReportCorrection]
    groups: list[ReportGroup]


class Report(_Part, frozen=True, kw_only=True):
    """All objectives in one month.

    Attributes:
        until: the end of what was looked at; the end of the month, unless it is not over.
    """

    schema: str = SCHEMA
    month: str
    zone: str
    start: str
    until: str
    complete: bool
    objectives: list[ReportObjective]
