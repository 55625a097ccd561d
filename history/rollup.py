"""The minutes under way, in memory: fed once a second, written once a minute."""

from collections.abc import Mapping

from catalog.snapshot import Reading
from history.minute import Key, Minute
from history.question import MINUTE
from history.rhythm import Rhythm
from history.track import Track

_SILENT = 600.0


class Rollup:
    """Turns readings into minutes.

    One track per GPU and layout, found by the layout's identity; a layout that shares a series with
    an older one of the same GPU replaces it, and a track that is silent for ten minutes is dropped.

    Args:
        before: every counter as it was last stored, so that what it gained while nobody looked counts.
        slowest: the longest period of any tier, seconds.
        grace: how long a finished minute waits for readings that are still on their way, seconds.
    """

    def __init__(
        self,
        before: Mapping[Key, float] | None = None,
        *,
        slowest: float = 60.0,
        grace: float = 5.0,
    ) -> None:
        self._before = dict(before or {})
        self._slowest = slowest
        self._grace = grace
        self._tracks: dict[tuple[str, int], Track] = {}
        self._finished: list[Minute] = []
        self._horizon = 0.0

    def observe(self, uuid: str, reading: Reading) -> None:
        track = self._tracks.get((uuid, id(reading.layout)))
        if track is None:
            track = self._begin(uuid, reading)
        self._finished.extend(track.observe(reading))

    def due(self, now: float) -> tuple[Minute, ...]:
        """The minutes to write: nothing, until a minute has ended and its grace is over."""
        horizon = (now - self._grace) // MINUTE * MINUTE
        if horizon == self._horizon:
            return ()
        self._horizon = horizon
        for name, track in tuple(self._tracks.items()):
            self._finished.extend(track.finish(horizon))
            if track.rhythm.last < now - _SILENT:
                self._retire(name, now)
        return self._take()

    def flush(self, now: float) -> tuple[Minute, ...]:
        """Everything, the minute under way included: for a graceful stop."""
        for track in self._tracks.values():
            self._finished.extend(track.stop(now))
        return self._take()

    def _take(self) -> tuple[Minute, ...]:
        finished, self._finished = tuple(self._finished), []
        return finished

    def _begin(self, uuid: str, reading: Reading) -> Track:
        kept = {
            Key(uuid, metric, labels) for metric, labels in reading.layout.series if metric.history
        }
        rhythm = Rhythm(self._slowest)
        for name, track in tuple(self._tracks.items()):
            if not track.keys.isdisjoint(kept):
                rhythm = track.rhythm
                self._retire(name, reading.at)
        track = Track(uuid, reading, self._before, rhythm)
        self._tracks[uuid, id(reading.layout)] = track
        return track

    def _retire(self, name: tuple[str, int], at: float) -> None:
        track = self._tracks.pop(name)
        self._finished.extend(track.stop(at))
        self._before.update(track.counts())
