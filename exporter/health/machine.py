"""The state machine of one GPU: how it answers and what is wrong with it, in; its state and the reason, out.

A fault counts at once, or after the time that its cause needs. What was hung, lost or unhealthy recovers first: it must
stay well for a minute, longer with each return within an hour.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.finding import Finding, State
from exporter.health.causes import AFTER, BY_NAME, OF_THE_NODE, Cause
from exporter.health.episode import Episode, Returns

RECOVERY = 60.0
"""Seconds that a GPU must stay well after it was hung, lost or unhealthy, the first time within an hour."""
_LATE = 5.0
_GRAVITY = (State.DEGRADED, State.UNKNOWN, State.UNHEALTHY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A state, why, and the same for a person."""

    state: State
    reason: str = ""
    text: str = ""


UNREAD = Condition(state=State.UNKNOWN, reason="not_read_yet")


class Machine:
    """One GPU.

    Attributes:
        now: the state that holds; whoever tells the machine something settles it afterwards.
        fault: the gravest that it has not recovered from yet, None if it is over.
    """

    def __init__(self) -> None:
        self.now = UNREAD
        self.fault: State | None = None
        self._answers = UNREAD
        self._episodes: dict[str, Episode] = {}
        self._told: dict[str, Finding] = {}
        self._well: float | None = None
        self._at = 0.0
        self._returns = Returns()

    # -- what it is told -----------------------------------------------------------------------------------------------

    def answers(self, condition: Condition) -> None:
        """How the GPU answers: well, or hung, lost, unknown and why."""
        self._answers = condition

    def judged(self, cause: Cause, text: str, at: float) -> None:
        """A reading says that *cause* is so, and how; an empty *text*: that it is not."""
        episode = self._episodes.get(cause.name)
        if episode is None:
            if not text:
                return
            episode = self._episodes[cause.name] = Episode(cause)
        if text:
            episode.seen(text, at)
        else:
            episode.unseen(at)

    def find(self, finding: Finding) -> None:
        """Something that no reading shows, such as an Xid or the verdict of a probe; it holds until it is cleared."""
        self._told[finding.cause] = finding

    def clear(self, cause: str) -> None:
        """It is over."""
        self._told.pop(cause, None)

    def restore(self, finding: Finding) -> None:
        """What an earlier process knew."""
        cause = BY_NAME.get(finding.cause)
        if cause is None or cause.name.startswith("xid_"):
            self.find(finding)
        else:
            self._episodes.setdefault(cause.name, Episode(cause)).restore(finding)

    # -- what it says --------------------------------------------------------------------------------------------------

    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, the gravest first, of those the oldest."""
        found = [*self._told.values(), *self._found()]
        if len(found) < 2:
            return tuple(found)
        return tuple(sorted(found, key=lambda one: (-_gravity(one.state), one.since, one.cause)))

    def settle(self, at: float) -> None:
        """Bring `now` up to *at*; readings are a little older than the clock when they arrive."""
        if 0 < self._at - at < _LATE:
            at = self._at
        self._at = at
        for episode in self._episodes.values():
            episode.wait(at)
        self.now = self._recovered(self._plain(), at)

    def _found(self) -> Iterator[Finding]:
        return (one.finding for one in self._episodes.values() if one.finding is not None)

    def _plain(self) -> Condition:
        """The state without regard to what was before."""
        if self._answers.state is not State.OK:
            return self._answers
        gravest = next(iter(self.findings()), None)
        if gravest is None or gravest.state is State.OK:
            return Condition(state=State.OK)
        return Condition(state=gravest.state, reason=gravest.cause, text=gravest.text)

    def _recovered(self, plain: Condition, at: float) -> Condition:
        """*plain*, or recovering."""
        if plain.state in AFTER:
            self.fault, self._well = plain.state, None
        elif plain.state is State.UNKNOWN:
            self._well = None
        elif self.fault is not None:
            return self._recovering(self.fault, plain, at)
        return plain

    def _recovering(self, fault: State, plain: Condition, at: float) -> Condition:
        if self._well is None:
            self._well = at
            self._returns.add(at)
        self._well = min(self._well, at)  # a clock that was set back starts the wait again
        if at - self._well >= self._returns.lengthen(RECOVERY, at):
            self.fault = self._well = None
            return plain
        return Condition(state=State.RECOVERING, reason=AFTER[fault])


def _gravity(state: State) -> int:
    return _GRAVITY.index(state) if state in _GRAVITY else -1


def of_the_node(condition: Condition) -> bool:
    """Whether it is so of every GPU at once, which is one event of the node."""
    return condition.state is State.UNKNOWN and condition.reason in OF_THE_NODE
