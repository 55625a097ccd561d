"""Who owns a state folder, and how another process speaks to the owner."""

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.errors import ConfigError
from exporter.control import RELEASE, own, release, requested_release


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """The SIGUSR1 that this process gets."""
    numbers: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _frame: numbers.append(number))
    yield numbers
    signal.signal(signal.SIGUSR1, before)


def test_a_folder_has_one_owner(tmp_path: Path) -> None:
    """A second exporter on the same folder is told whose it is."""
    with own(tmp_path), pytest.raises(ConfigError, match=f"belongs to .* pid {os.getpid()}"):
        own(tmp_path).__enter__()

    with own(tmp_path):
        assert (tmp_path / "pid").read_text() == str(os.getpid())


def test_a_folder_is_made(tmp_path: Path) -> None:
    """The state folder need not exist."""
    with own(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """A state folder that is a file is for the user to mend."""
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match=r"cannot be used: .*--state-dir"):
        own(tmp_path / "file").__enter__()


def test_the_owner_is_told_to_release(tmp_path: Path, heard: list[int]) -> None:
    """`release` signals the owner, who finds for how long."""
    with own(tmp_path):
        assert release(tmp_path, 90.0) == os.getpid()

        assert heard == [signal.SIGUSR1]
        assert requested_release(tmp_path) == 90.0


def test_a_signal_alone_releases_for_ten_minutes(tmp_path: Path) -> None:
    """SIGUSR1 without a request, or with one that was taken before or is broken, means the default."""
    assert requested_release(tmp_path) == RELEASE
    (tmp_path / "release").write_text("soon")
    assert requested_release(tmp_path) == RELEASE


@pytest.mark.parametrize("left_behind", [None, "", "x", str(os.getpid())])
def test_nobody_to_tell(tmp_path: Path, heard: list[int], left_behind: str | None) -> None:
    """Without an exporter nobody is signalled, least of all whoever has the pid of one that died."""
    if left_behind is not None:
        (tmp_path / "pid").write_text(left_behind)

    with pytest.raises(ConfigError, match=f"no exporter serves from {tmp_path}"):
        release(tmp_path, 90.0)

    assert heard == []


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the pid cannot be written, the folder and what to do are named."""
    monkeypatch.setattr(os, "getpid", lambda: "x" * (1 << 20))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
    try:
        with pytest.raises(ConfigError, match="--state-dir"), own(tmp_path):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
