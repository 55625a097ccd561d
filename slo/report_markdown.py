"""The report of a month as Markdown, for people."""

from collections.abc import Iterator

from slo.report_schema import Report, ReportGroup, ReportObjective

_HEAD = "| objective | target | SLI | met | budget spent | pages | worst days | coverage |"
_RULE = "|---|---|---|---|---|---|---|---|"
_MET = {True: "yes", False: "**no**", None: "-"}


def markdown(report: Report) -> str:
    """A line per group, then what could not be told and every page."""
    until = "" if report.complete else f", until {report.until}"
    lines = [f"# Objectives in {report.month} ({report.zone}{until})", "", _HEAD, _RULE]
    lines += [line for one in report.objectives for line in _rows(one)]
    refused = [f"- {one.slo}: {one.refused}" for one in report.objectives if one.refused]
    sent = [line for one in report.objectives for line in _pages(one)]
    changed = [line for one in report.objectives for line in _changed(one)]
    for title, found in (("Not told", refused), ("What does not count", changed), ("Pages", sent)):
        if found:
            lines += ["", f"## {title}", "", *found]
    return "\n".join(lines) + "\n"


def _rows(objective: ReportObjective) -> Iterator[str]:
    for group in objective.groups:
        cells = (
            _name(objective, group),
            f"{objective.target * 100:.6g} %",
            "-" if group.sli is None else f"{group.sli * 100:.4f} %",
            _MET[group.met],
            f"{group.budget_spent * 100:.1f} %",
            str(len(group.pages)),
            ", ".join(f"{day.date} ({day.budget_spent * 100:.0f} %)" for day in group.worst_days)
            or "-",
            f"{group.coverage * 100:.1f} %",
        )
        yield f"| {' | '.join(cells)} |"


def _changed(objective: ReportObjective) -> Iterator[str]:
    """Before and after, and why."""
    for group in objective.groups:
        if group.measured and group.measured.budget_spent != group.budget_spent:
            before = f"{group.measured.budget_spent * 100:.1f} %"
            yield f"- {_name(objective, group)}: {before} of the budget would have been spent if all counted"
    for exclusion in objective.exclusions:
        about = f", {exclusion.author}" if exclusion.author else ""
        yield f"- {objective.slo}: {exclusion.seconds / 60:.0f} minutes, {exclusion.reason}{about}"
    for correction in objective.corrections:
        events = f"{correction.bad_events:+g} of {correction.events:+g} events"
        yield f"- {objective.slo}: {events} at {correction.at}, {correction.reason}, {correction.author}"


def _pages(objective: ReportObjective) -> Iterator[str]:
    for group in objective.groups:
        for page in group.pages:
            until = page.ended or "the end of the report"
            yield f"- {_name(objective, group)}: {page.began} to {until}, {', '.join(page.tiers)}"


def _name(objective: ReportObjective, group: ReportGroup) -> str:
    labels = ", ".join(f"{name} {value}" for name, value in group.labels.items())
    return f"{objective.slo} ({labels})" if labels else objective.slo
