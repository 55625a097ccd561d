"""The alerts of an objective: burning too fast, by tier, and silence."""

from collections.abc import Iterator

from catalog.promql.expr import Recorded
from catalog.rules.rule import Alert
from slo import names, tiles
from slo.indicator import Ratio
from slo.objective import Objective, OnSilence


def alerts(objective: Objective) -> Iterator[Alert]:
    """The burn alerts, then the one for silence if anybody wants it."""
    labels = {names.SLO: objective.name}
    for tier in objective.tiers:
        yield Alert(
            name="SloBurning",
            expr=Recorded(names.burning(tier.name), labels).equals(1),
            lasting=tier.lasting,
            labels={
                names.SLO: objective.name,
                names.SEVERITY: tier.severity,
                names.TIER: tier.name,
            },
            annotations={
                "summary": f"{objective.name} burns its error budget {tier.capped(objective):.3g} times too fast",
                "description": f"In the last {tier.long} and the last {tier.short} more than "
                f"{tier.capped(objective) * objective.budget:.3%} of the events were bad; the budget of "
                f"{objective.calendar.described if objective.calendar else f'{objective.days} days'} is {objective.budget:.3%}.",
            },
        )
    yield from _buckets(objective, labels)
    if objective.on_silence is not OnSilence.NONE:
        yield Alert(
            name="SloNoData",
            expr=Recorded(names.STATE, {**labels, names.STATE_LABEL: "no_data"}).equals(1),
            lasting="5m",
            labels={names.SLO: objective.name, names.SEVERITY: objective.on_silence.value},
            annotations={
                "summary": f"{objective.name}: nothing is known",
                "description": "A group that is listed, or had events in the last day, has none now, not even zero.",
            },
        )


def _buckets(objective: Objective, labels: dict[str, str]) -> Iterator[Alert]:
    """A histogram without the bucket that tells good from bad says nothing: that is a mistake to mend, and no error."""
    ratio = objective.indicator
    if not isinstance(ratio, Ratio) or not ratio.of_bucket:
        return
    assert ratio.good is not None  # noqa: S101 - it is the bucket
    total, good = (tiles.seen(series, objective.by) for series in (ratio.total, ratio.good))
    yield Alert(
        name="SloBucketMissing",
        expr=total.unless(good).or_(total > good),
        lasting="5m",
        labels={**labels, names.SEVERITY: "ticket"},
        annotations={
            "summary": f"{objective.name}: a bucket of the histogram is missing",
            "description": f"There are events and no {ratio.good.text('')} of them: set the bounds of the histogram's "
            "buckets in the service so that this one is among them.",
        },
    )
