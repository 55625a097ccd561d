"""How a GPU is and what it needs: its state, why, and what else is wrong. The rules are `exporter.health.causes`'s."""

from catalog.metrics import nvlink
from exporter.health.causes import BY_NAME, LIVENESS
from exporter.page import icon, words
from exporter.page.markup import Child, tag
from exporter.page.quantity import number
from exporter.page.vitals import Vitals


def state(vitals: Vitals) -> Child:
    """State, why if no finding says it, and what is wrong."""
    reason = _reason(vitals)
    counted = vitals.sum(nvlink.ERRORS) or 0
    return (
        icon.badge(vitals.view.state),
        reason and tag("span", reason, class_="note reason", title=reason),
        [tag("span", icon.shape("degraded"), need, class_="note need") for need in needs(vitals)],
        tag("span", _many(counted, "NVLink error"), class_="note") if counted else None,
    )


def needs(vitals: Vitals) -> tuple[str, ...]:
    """What somebody must know or do about this GPU, the gravest first."""
    return tuple(finding.text for finding in vitals.view.findings)


def said(vitals: Vitals) -> str:
    """State and why, in one phrase."""
    why = ", ".join(needs(vitals)) or _reason(vitals)
    return f"{vitals.view.state}: {why}" if why else vitals.view.state


def _reason(vitals: Vitals) -> str:
    """Why, in words; a finding says it better."""
    reason = vitals.view.reason
    if any(finding.cause == reason for finding in vitals.view.findings):
        return ""
    known = BY_NAME[reason].text if reason in BY_NAME else LIVENESS.get(reason)
    return known or words.plain(reason)


def _many(count: float, name: str) -> str:
    return f"{number(count)} {name}{'' if count == 1 else 's'}"
