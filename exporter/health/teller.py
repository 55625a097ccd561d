"""The events of one GPU: each change of its state, and each cause that begins or ends, is told once."""

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.event import Event, EventKind, Severity
from catalog.finding import Finding, State
from exporter.health.causes import AFTER, BY_NAME, LIVENESS, SEVERITIES
from exporter.health.machine import Condition, of_the_node

_KINDS = {
    State.OK: EventKind.GPU_OK,
    State.DEGRADED: EventKind.GPU_DEGRADED,
    State.UNHEALTHY: EventKind.GPU_UNHEALTHY,
    State.HUNG: EventKind.GPU_HUNG,
    State.LOST: EventKind.GPU_LOST,
    State.RECOVERING: EventKind.GPU_RECOVERING,
    State.UNKNOWN: EventKind.GPU_UNKNOWN,
}
_AGAIN = 60.0
"""Seconds before a cause that goes on with other figures is told again."""


@dataclass(slots=True)
class _Told:
    finding: Finding
    at: float


class Teller:
    """One GPU.

    Attributes:
        told: the state and the reason of the last event; None before the first, which a GPU that is well needs not.
    """

    def __init__(self) -> None:
        self.told: tuple[State, str] | None = None
        self._findings: dict[str, _Told] = {}

    def restore(self, told: tuple[State, str] | None, findings: tuple[Finding, ...]) -> None:
        """What an earlier process told."""
        self.told = told
        self._findings = {one.cause: _Told(one, one.since) for one in findings}

    def events(
        self, name: str, uuid: str, now: Condition, findings: tuple[Finding, ...], at: float
    ) -> Iterator[Event]:
        """What is to be told of the GPU called *name*, which is so at *at*."""
        for kind, severity, reason, text in (
            *self._of_findings(findings, at),
            *self._of_state(now),
        ):
            yield Event(
                at=at,
                kind=kind,
                severity=severity,
                message=f"{name}{text}",
                uuid=uuid,
                reason=reason,
            )

    def _of_findings(
        self, findings: tuple[Finding, ...], at: float
    ) -> Iterator[tuple[EventKind, Severity, str, str]]:
        for finding in findings:
            told = self._findings.get(finding.cause)
            if told and (told.finding.text == finding.text or at - told.at < _AGAIN):
                continue
            self._findings[finding.cause] = _Told(finding, at)
            cause = BY_NAME.get(finding.cause)
            if cause and cause.kind:
                yield cause.kind, cause.severity, cause.name, f": {finding.text}"
        if len(self._findings) > len(findings):
            yield from self._over({finding.cause for finding in findings})

    def _over(self, still: set[str]) -> Iterator[tuple[EventKind, Severity, str, str]]:
        for name in [name for name in self._findings if name not in still]:
            finding = self._findings.pop(name).finding
            cause = BY_NAME.get(name)
            if cause and cause.kind:
                yield cause.kind, Severity.INFO, cause.name, f": over: {finding.text}"

    def _of_state(self, now: Condition) -> Iterator[tuple[EventKind, Severity, str, str]]:
        state, reason = now.state, now.reason
        if self.told == (state, reason) or of_the_node(now):
            return
        before, self.told = self.told, (state, reason)
        if before is None and state is State.OK:
            return
        kind = _KINDS[state]
        said = f" is {state}{f': {why(now)}' if reason else ''}"
        if before and not before[0].answers and state.answers:
            yield EventKind.GPU_BACK, Severity.INFO, reason, said
            if state in (State.OK, State.RECOVERING):
                return
        yield kind, SEVERITIES[state], reason, said


def why(now: Condition) -> str:
    """The reason for a person."""
    if now.text:
        return now.text
    if now.reason in LIVENESS:
        return LIVENESS[now.reason]
    return now.reason.replace("_", " ") if now.reason in AFTER.values() else now.reason
