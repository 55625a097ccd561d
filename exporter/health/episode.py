"""One cause of one GPU over time, damped: noise does not raise it, and flapping does not clear it."""

from collections import deque

from catalog.finding import Finding
from exporter.health.causes import Cause

WINDOW = 3600.0
"""Seconds in which a return makes the next hold longer."""
MOST_DOUBLINGS = 4
_GAP = 3.0
"""Seconds between two readings of the fast tier, which alone has causes that must last, more than which count as nothing."""


class Returns:
    """How often something came back lately, which lengthens a hold."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=MOST_DOUBLINGS + 1)

    def add(self, at: float) -> None:
        self._times.append(at)

    def lengthen(self, hold: float, at: float) -> float:
        """*hold*, doubled for each return of the last hour but the first, at most 16 times as long."""
        lately = sum(at - time < WINDOW for time in self._times)
        return float(hold * 2 ** min(max(lately - 1, 0), MOST_DOUBLINGS))


class Episode:
    """Whether *cause* holds.

    Attributes:
        finding: while it does.
    """

    def __init__(self, cause: Cause) -> None:
        self.cause = cause
        self.finding: Finding | None = None
        self._active = False
        self._at = 0.0
        self._spent = 0.0
        self._quiet = 0.0
        self._returns = Returns()

    def restore(self, finding: Finding) -> None:
        """It held when an earlier process ended, and does until a reading says otherwise."""
        self.finding, self._active, self._at = finding, True, finding.since
        self._returns.add(finding.since)

    def seen(self, text: str, at: float) -> None:
        """It is so: *text* says how."""
        if self._active:
            self._spend(at)
        elif self.finding is None and at - self._quiet > self.cause.hold:
            self._spent = 0.0
        self._active, self._at = True, at
        if self.finding is not None:
            if text != self.finding.text:
                self.finding = self._found(text, self.finding.since)
        elif self._spent >= self.cause.after:
            self.finding = self._found(text, at)
            self._returns.add(at)

    def unseen(self, at: float) -> None:
        """It is not so."""
        if self._active:
            self._spend(at)
            self._active, self._quiet = False, at
        self.wait(at)

    def wait(self, at: float) -> None:
        """Time passes; what has been gone long enough is cleared."""
        if self._active or self.finding is None:
            return
        self._quiet = min(self._quiet, at)  # a clock that was set back starts the wait again
        if at - self._quiet >= self._returns.lengthen(self.cause.hold, at):
            self.finding, self._spent = None, 0.0

    def _spend(self, at: float) -> None:
        """It held since the reading before, unless nobody looked for longer."""
        elapsed = at - self._at
        if 0 < elapsed <= _GAP:
            self._spent += elapsed

    def _found(self, text: str, since: float) -> Finding:
        return Finding(cause=self.cause.name, state=self.cause.state, since=since, text=text)
