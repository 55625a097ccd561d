"""Which GPU it is that a reader child counts and that has not told its name yet."""

from collections.abc import Iterator, Mapping

from catalog.snapshot import GpuView, Identity, unnamed

Known = Mapping[str, GpuView]


class RollCall:
    """Who has answered the reader child that runs now.

    A GPU that hangs at its first call has an index and no UUID. Indices shift when a GPU is gone, so an index alone does
    not say which GPU it is. We say so only where no other could be meant.
    """

    def __init__(self) -> None:
        self.begin(())

    def begin(self, opened: tuple[int, ...]) -> None:
        """A new child has opened the GPUs at these indices."""
        self._opened = set(opened)
        self._told: dict[str, int] = {}
        self._moved = False

    def told(self, identity: Identity, known: Known) -> None:
        """A GPU told who it is; *known* is what was known before that."""
        self._opened.add(identity.index)
        self._told[identity.uuid] = identity.index
        before = known.get(identity.uuid)
        self._moved |= before is None or before.identity.index != identity.index

    def whose(self, index: int, known: Known) -> str | None:
        """The UUID of the nameless GPU at *index*, None if it may be one of several, or a new one."""
        self._opened.add(index)
        silent = dict(self._silent(known))
        if len(silent) == 1 and len(self._opened - set(self._told.values())) == 1:
            return next(iter(silent))
        if self._moved or not self._as_before(known):
            return None
        return next((uuid for uuid, view in silent.items() if view.identity.index == index), None)

    def missed(self, known: Known) -> tuple[tuple[Identity, ...], tuple[Identity, ...]]:
        """The known GPUs that are gone, and those that are gone or nameless: nobody can say which."""
        nameless = self._opened - set(self._told.values())
        meant = {self.whose(index, known) for index in nameless}
        missed = tuple(v.identity for uuid, v in self._silent(known) if uuid not in meant)
        return ((), missed) if None in meant else (missed, ())

    def _silent(self, known: Known) -> Iterator[tuple[str, GpuView]]:
        for uuid, view in known.items():
            if uuid not in self._told and uuid != unnamed(view.identity.index):
                yield uuid, view

    def _as_before(self, known: Known) -> bool:
        """Whether the child has a GPU at each index where one was known, and no other."""
        names = [
            v.identity.index for uuid, v in known.items() if uuid != unnamed(v.identity.index)
        ]
        return len(names) == len(self._opened) and set(names) == self._opened
