"""The lock that holds now: whenever someone comes, the files are looked at, and read again if they changed."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from catalog.errors import ConfigError
from exporter.web.door import config, lock
from exporter.web.door.config import WebConfig
from exporter.web.door.lock import Lock

logger = logging.getLogger(__name__)

Reloaded = Callable[[ConfigError | None], None]
_Stamp = tuple[int, int, int, int] | None


class Door:
    """The lock, from a file that may change at any time; without a file everyone is let in.

    A broken change keeps the lock as it was. It is told once, and tried again when a file changes again.
    """

    def __init__(self, file: str, reloaded: Reloaded = lambda _error: None) -> None:
        """Read *file*; *reloaded* hears of each later reading, with the error that it ended in.

        Raises:
            ConfigError: it cannot be used.
        """
        self._file = file
        self._reloaded = reloaded
        self._seen: dict[Path, _Stamp] = {}
        self._lock = self._read(None)
        if self._lock.config.http2:
            logger.warning("web_config.no_http2", extra={"served": "HTTP/1.1"})

    def look(self) -> Lock:
        """The lock, newly read if any of its files changed."""
        if any(_stamp(path) != stamp for path, stamp in self._seen.items()):
            self._read_again()
        return self._lock

    def _read_again(self) -> None:
        try:
            self._lock = self._read(self._lock)
        except ConfigError as error:
            logger.error("web_config.reload_failed", extra={"error": str(error)})
            self._reloaded(error)
        else:
            logger.info("web_config.reloaded")
            self._reloaded(None)

    def _read(self, before: Lock | None) -> Lock:
        if not self._file:
            return lock.ready(WebConfig())
        # What changes while we read is seen at the next look: stamps are older than what was read.
        self._watch((Path(self._file), *self._seen))
        written = config.load(self._file)
        if before is not None:
            lock.check_not_weaker(before.config, written)
        self._seen = {Path(self._file): self._seen[Path(self._file)]}
        self._watch(written.tls.files if written.tls else ())
        return lock.ready(written, before)

    def _watch(self, paths: Iterable[Path]) -> None:
        for path in tuple(paths):
            self._seen[path] = _stamp(path)


def _stamp(path: Path) -> _Stamp:
    """What differs when a file was written or replaced; None if there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size
