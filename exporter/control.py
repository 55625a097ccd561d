"""How another process finds the exporter that owns a state folder, and tells it to release the driver or to learn anew."""

import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from catalog.errors import ConfigError

_RELEASE, _RESET = "release", "probe-reset"
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
    return _order(state_dir, _RELEASE, seconds, signal.SIGUSR1)


def reset_baselines(state_dir: Path, uuid: str, task: str) -> int:
    """Ask the exporter that owns *state_dir* to learn a probe's baselines anew, or of all if empty; its pid.

    Raises:
        ConfigError: no exporter owns it.
    """
    return _order(state_dir, _RESET, (uuid, task), signal.SIGUSR2)


def _order(state_dir: Path, name: str, content: object, number: signal.Signals) -> int:
    pid = _pid(state_dir)
    try:
        if not _owned(state_dir):
            raise ProcessLookupError(pid)
        (state_dir / name).write_text(json.dumps(content))
        os.kill(int(pid), number)
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
    try:
        return float(_take(state_dir, _RELEASE))
    except (OSError, ValueError, TypeError):
        return RELEASE


def requested_reset(state_dir: Path) -> tuple[str, str] | None:
    """GPU and probe that are to be learned anew, either empty for all; None if a signal came without them."""
    try:
        uuid, task = _take(state_dir, _RESET)
    except (OSError, ValueError, TypeError):
        return None
    return str(uuid), str(task)


def _take(state_dir: Path, name: str) -> Any:
    path = state_dir / name
    content = json.loads(path.read_text())
    path.unlink()
    return content


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
