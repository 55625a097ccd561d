"""Which GPUs this node should have: those configured, else the most that were seen or allocatable at once in 24 hours.

A GPU that is lost stays expected for that long, and one that was configured or allocatable and never found has a stand-in. More
GPUs than are configured are all expected: what is there must not be missing from the denominator. The most of a day, since a
kubelet takes a GPU that failed out of what is allocatable, which is when it must count.
"""

from collections.abc import Collection, Mapping

from catalog.snapshot import Snapshot, unnamed

DAY = 24 * 3600.0
_HOUR = 3600


class Roster:
    """The GPUs of one node.

    Args:
        configured: how many the operator says there are; 0 leaves it to what is seen.
        seen: when each GPU was last there, from an earlier process.
        most: how many were there at once, by hour.
    """

    def __init__(
        self,
        configured: int = 0,
        seen: Mapping[str, float] | None = None,
        most: Mapping[int, int] | None = None,
    ) -> None:
        self._configured = configured
        self._allocatable: dict[int, int] = {}
        self.seen = dict(seen or {})
        self.most = dict(most or {})

    def look(self, snapshot: Snapshot, at: float, allocatable: int = 0) -> None:
        """Remember who is there at *at*, and how many the cluster hands out."""
        present = [
            uuid
            for uuid, view in snapshot.gpus.items()
            if view.state not in ("lost", "unknown") and uuid != unnamed(view.identity.index)
        ]
        self.seen.update(dict.fromkeys(present, at))
        hour = int(at // _HOUR)
        self.most = _most(self.most, hour, len(present))
        self._allocatable = _most(self._allocatable, hour, allocatable)
        self.seen = {uuid: seen for uuid, seen in self.seen.items() if at - seen < DAY}

    @property
    def count(self) -> int:
        """How many GPUs the node should have."""
        most = (*self.most.values(), *self._allocatable.values())
        return self._configured or max(most, default=0)

    def members(self, snapshot: Snapshot) -> tuple[str, ...]:
        """The GPUs that are expected: all that are not lost, then the lost ones that were seen last."""
        there = [uuid for uuid, view in snapshot.gpus.items() if view.state != "lost"]
        lost = sorted(
            (uuid for uuid in snapshot.gpus if uuid not in there),
            key=lambda uuid: -self.seen.get(uuid, 0.0),
        )
        return (*there, *lost[: max(self.count - len(there), 0)])

    def never_seen(self, known: Collection[int], members: int) -> tuple[int, ...]:
        """Free indices for those that are configured or allocatable and were never found."""
        named = self._configured or max(self._allocatable.values(), default=0)
        free = (index for index in range(named + len(known)) if index not in known)
        return tuple(next(free) for _ in range(named - members))


def _most(by_hour: Mapping[int, int], hour: int, count: int) -> dict[int, int]:
    """The most of each of the last 24 hours."""
    most = {**by_hour, hour: max(by_hour.get(hour, 0), count)}
    return {key: kept for key, kept in most.items() if 0 <= hour - key < 24}
