"""Our counters as they are this second, in memory-mapped pages that outlive a killed process, so none ever steps back.

The database's totals are up to ten seconds old after a crash; a counter that went on from there would look to Prometheus
like a reset, and the whole total would be added again. These pages cost no fsync: a power cut may lose them, and then
the database's totals are the newest.
"""

import mmap
import os
import struct
from array import array
from pathlib import Path

import msgspec

from catalog.errors import ConfigError
from catalog.metrics import BY_NAME
from catalog.snapshot import Layout, Reading, Tier
from history.minute import Key

KEYS, VALUES = "totals.keys", "totals.values"
_ROOM = 64 * 1024
"""Bytes to begin with: 8,192 series."""
_DOUBLE = struct.Struct("=d")
_Row = tuple[str, str, tuple[str, ...]]


class LiveTotals:
    """The totals in *folder*; the folder has one owner (`exporter.control`).

    Raises:
        ConfigError: the folder cannot hold them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._open()
        except OSError as error:
            raise ConfigError(
                f"cannot use {folder / VALUES}: {error}; check --state-dir"
            ) from error

    def _open(self) -> None:
        folder = self._folder
        self._rows = _read_rows(folder / KEYS)
        self._places: dict[Key, int] = {}
        self._plans: dict[tuple[str, Tier], tuple[Layout, array[int]]] = {}
        self._pages = self._map(len(self._rows))
        for place, (name, uuid, labels) in enumerate(self._rows):
            if name in BY_NAME and len(labels) == len(BY_NAME[name].labels):
                self._places[Key(uuid, BY_NAME[name], labels)] = place

    def load(self) -> dict[Key, float]:
        """Every total as it was last stored."""
        return {
            key: _DOUBLE.unpack_from(self._pages, place * _DOUBLE.size)[0]
            for key, place in self._places.items()
        }

    def store(self, uuid: str, reading: Reading, tier: Tier = Tier.DERIVED) -> None:
        """Keep the totals of one GPU and *tier*; they are safe from a kill when this returns."""
        layout, plan = self._plans.get((uuid, tier), (None, array("L")))
        if layout is not reading.layout:
            plan = self._plan(uuid, reading.layout, tier)
        for place, value in zip(plan, reading.values, strict=True):
            _DOUBLE.pack_into(self._pages, place, value)

    def close(self) -> None:
        self._pages.close()

    def _plan(self, uuid: str, layout: Layout, tier: Tier) -> "array[int]":
        keys = [Key(uuid, metric, labels) for metric, labels in layout.series]
        new = [key for key in keys if key not in self._places]
        if new:
            self._add(new)
        plan = array("L", (self._places[key] * _DOUBLE.size for key in keys))
        self._plans[uuid, tier] = (layout, plan)
        return plan

    def _add(self, keys: list[Key]) -> None:
        """Make room first, then name it: a name without a value would be read as garbage, the reverse is nothing."""
        for key in keys:
            self._places[key] = len(self._rows)
            self._rows.append((key.metric.name, key.uuid, key.labels))
        self._pages.close()
        self._pages = self._map(len(self._rows))
        for key in keys:
            _DOUBLE.pack_into(self._pages, self._places[key] * _DOUBLE.size, 0.0)
        draft = self._folder / f"{KEYS}.new"
        draft.write_bytes(msgspec.msgpack.encode(self._rows))
        draft.replace(self._folder / KEYS)

    def _map(self, count: int) -> mmap.mmap:
        with (self._folder / VALUES).open("a+b") as file:
            size = max(os.fstat(file.fileno()).st_size, _ROOM)
            while size < count * _DOUBLE.size:
                size *= 2
            os.posix_fallocate(
                file.fileno(), 0, size
            )  # a hole that cannot be filled later is a SIGBUS
            return mmap.mmap(file.fileno(), size)


def _read_rows(path: Path) -> list[_Row]:
    """The names of the values; none if the file is missing or damaged, and then they begin anew."""
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=list[_Row])
    except (OSError, msgspec.DecodeError):
        return []
