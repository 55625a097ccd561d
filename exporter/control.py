"""How another process finds the exporter that owns a state folder, and tells it to release the driver."""

import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog.errors import ConfigError

RELEASE = 600.0
"""Seconds that SIGUSR1 alone releases the driver for."""


@contextmanager
def own(state_dir: Path) -> Iterator[None]:
    """Hold *state_dir* for this process.

    Raises:
        ConfigError: it cannot be used, or another exporter holds it.
    """
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        lock = (state_dir / "pid").open("a+")
    except OSError as error:
        raise _unusable(state_dir, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(
                f"state_dir: {state_dir} belongs to the exporter with pid {_pid(state_dir)}; stop that one, or name "
                "another folder with --state-dir"
            ) from None
        try:
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
        except OSError as error:
            raise _unusable(state_dir, error) from error
        yield


def _unusable(state_dir: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"state_dir: {state_dir} cannot be used: {error.strerror}; name a folder that this user may write, on a disk "
        "that has room, with --state-dir"
    )


def release(state_dir: Path, seconds: float) -> int:
    """Ask the exporter that owns *state_dir* to let go of the driver for *seconds*; its pid.

    Raises:
        ConfigError: no exporter owns it.
    """
    pid = _pid(state_dir)
    try:
        if not _owned(state_dir):
            raise ProcessLookupError(pid)
        (state_dir / "release").write_text(json.dumps(seconds))
        os.kill(int(pid), signal.SIGUSR1)
    except PermissionError as error:
        raise ConfigError(
            f"the exporter in {state_dir} belongs to another user; ask as that user or root"
        ) from error
    except (ValueError, OSError) as error:
        raise ConfigError(
            f"no exporter serves from {state_dir}; name its state folder with --state-dir"
        ) from error
    return int(pid)


def requested_release(state_dir: Path) -> float:
    """Seconds that the last `release` asked for; a signal without one gets the default."""
    path = state_dir / "release"
    try:
        seconds = float(json.loads(path.read_text()))
        path.unlink()
    except (OSError, ValueError, TypeError):
        return RELEASE
    return seconds


def _owned(state_dir: Path) -> bool:
    """Whether an exporter lives there: the pid of one that died may belong to anyone by now."""
    with (state_dir / "pid").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _pid(state_dir: Path) -> str:
    try:
        return (state_dir / "pid").read_text().strip()
    except OSError:
        return ""
