import os
import random
import shutil
from pathlib import Path

import pytest

from probes.kernel_log.pipe import Pipe
from probes.kernel_log.progress import Cursor
from probes.kernel_log.tail import Tail


class Follower:
    """A tail that remembers where it was, so that it can end and begin again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cursor = Cursor()
        self.tail = Tail(path, None)

    def read(self) -> list[str]:
        """All there is."""
        lines: list[bytes] = []
        for _ in range(100):
            chunk = self.tail.chunk()
            lines += chunk.lines
            self.cursor = Cursor(file=chunk.file, offset=chunk.offset)
            if chunk.caught_up and not chunk.lines:
                return [line.decode() for line in lines]
        raise AssertionError

    def restart(self) -> None:
        self.tail.close()
        self.tail = Tail(self.path, self.cursor)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "kern.log"
    path.write_text("one\ntwo\n")
    return path


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def rename(path: Path) -> None:
    """As logrotate does by default, with the shift of older files."""
    if path.with_name("kern.log.1").exists():
        path.with_name("kern.log.1").rename(path.with_name("kern.log.2"))
    path.rename(path.with_name("kern.log.1"))


def copy_and_truncate(path: Path) -> None:
    """As logrotate does with `copytruncate`."""
    shutil.copy2(path, path.with_name("kern.log.1"))
    os.truncate(path, 0)


def test_lines_as_they_come(log: Path) -> None:
    """Each line once."""
    follower = Follower(log)

    assert follower.read() == ["one", "two"]
    append(log, "three\n")
    assert follower.read() == ["three"]
    assert follower.read() == []


def test_partial_last_line(log: Path) -> None:
    """A line is read when its end has been written, over a restart too."""
    follower = Follower(log)
    append(log, "thr")

    assert follower.read() == ["one", "two"]
    append(log, "ee")
    follower.restart()
    assert follower.read() == []
    append(log, "\n")
    assert follower.read() == ["three"]


def test_restart(log: Path) -> None:
    """It goes on where it stopped."""
    follower = Follower(log)
    follower.read()
    append(log, "three\n")
    follower.restart()

    assert follower.read() == ["three"]


def test_renamed(log: Path) -> None:
    """What is written to the old file until the writer opens the new one is not lost."""
    follower = Follower(log)
    follower.read()
    rename(log)
    append(log.with_name("kern.log.1"), "three\n")

    assert follower.read() == ["three"]
    log.touch()
    append(log.with_name("kern.log.1"), "four\n")
    assert follower.read() == ["four"]
    append(log, "five\n")
    append(log.with_name("kern.log.1"), "")
    assert follower.read() == ["five"]


def test_renamed_while_nobody_read(log: Path) -> None:
    """After a restart the old file is read to its end first."""
    follower = Follower(log)
    follower.read()
    append(log, "three\n")
    rename(log)
    append(log, "four\n")
    follower.restart()

    assert follower.read() == ["three", "four"]


def test_renamed_twice_while_nobody_read(log: Path) -> None:
    """All files in between are read."""
    follower = Follower(log)
    follower.read()
    append(log, "three\n")
    os.utime(log, (1, 1))
    rename(log)
    append(log, "four\n")
    os.utime(log, (2, 2))
    rename(log)
    append(log, "five\n")
    follower.restart()

    assert follower.read() == ["three", "four", "five"]


def test_renamed_and_the_new_file_is_empty(log: Path) -> None:
    """The place in the old file holds until the new one has a line."""
    follower = Follower(log)
    follower.read()
    os.utime(log, (1, 1))
    rename(log)
    log.touch()
    follower.restart()

    assert follower.read() == []
    append(log, "three\n")
    os.utime(log, (2, 2))
    rename(log)
    append(log, "four\n")
    follower.restart()
    assert follower.read() == ["three", "four"]


@pytest.mark.parametrize("restart", [False, True])
def test_truncated(log: Path, *, restart: bool) -> None:
    """The copy holds what nobody had read; the file begins anew."""
    follower = Follower(log)
    follower.read()
    append(log, "three\n")
    copy_and_truncate(log)
    append(log, "four\n")
    if restart:
        follower.restart()

    assert follower.read() == ["three", "four"]


def test_truncated_and_grown_beyond_where_we_were(log: Path) -> None:
    """The first line tells that it is another file."""
    follower = Follower(log)
    follower.read()
    copy_and_truncate(log)
    append(log, "three\nfour\nfive\nsix\n")

    assert follower.read() == ["three", "four", "five", "six"]


def test_an_old_copy_is_not_read_again(log: Path) -> None:
    """Somebody keeps a copy beside the log: it begins with the same line."""
    follower = Follower(log)
    append(log, "three\n")
    follower.read()
    shutil.copy2(log, log.with_name("kern.log.keep"))
    append(log, "four\n")
    rename(log)
    append(log, "five\n")
    follower.restart()

    assert follower.read() == ["four", "five"]


def test_compressed_files_are_left_alone(log: Path) -> None:
    """They were read before they were compressed."""
    follower = Follower(log)
    follower.read()
    log.with_name("kern.log.2.gz").write_bytes(b"\x1f\x8b")
    rename(log)
    append(log, "three\n")
    follower.restart()

    assert follower.read() == ["three"]


def test_the_file_is_gone_and_another_is_there(log: Path) -> None:
    """All of it is new."""
    follower = Follower(log)
    follower.read()
    log.unlink()
    append(log, "three\n")
    follower.restart()

    assert follower.read() == ["three"]


def test_a_line_without_end(tmp_path: Path) -> None:
    """It is cut, not kept in memory; what follows is read."""
    path = tmp_path / "kern.log"
    path.write_bytes(b"x" * 10**6 + b"\nnext\n")
    follower = Follower(path)

    assert follower.read()[-1] == "next"


def test_random_life(tmp_path: Path) -> None:
    """Ten thousand lines through rotations of both kinds and restarts: each once, in their order."""
    rng = random.Random(11)  # noqa: S311 - seeded, not secret
    path = tmp_path / "kern.log"
    path.write_text("")
    follower = Follower(path)
    written = seen = 0
    for _ in range(500):
        burst = range(written, written + rng.randrange(40))
        append(path, "".join(f"line {number}\n" for number in burst))
        written = burst.stop
        match rng.randrange(12):
            case 0:
                assert follower.read() == [f"line {n}" for n in range(seen, written)]
                seen = written
                rename(path)
                path.touch()
            case 1:
                assert follower.read() == [f"line {n}" for n in range(seen, written)]
                seen = written
                copy_and_truncate(path)
            case 2:
                follower.restart()
            case _:
                assert follower.read() == [f"line {n}" for n in range(seen, written)]
                seen = written
    assert follower.read() == [f"line {n}" for n in range(seen, written)]
    assert written > 9000


def test_pipe(tmp_path: Path) -> None:
    """Writers come and go; a line is read when it is complete."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    pipe = Pipe(path)

    assert pipe.chunk().caught_up
    with path.open("wb", buffering=0) as writer:
        assert pipe.chunk().lines == []
        writer.write(b"one\ntw")
        assert pipe.chunk().lines == [b"one"]
    assert pipe.chunk().lines == []
    with path.open("wb", buffering=0) as writer:
        writer.write(b"o\nthree\n")
        assert pipe.chunk().lines == [b"two", b"three"]
    pipe.close()


def test_a_line_without_end_in_a_pipe(tmp_path: Path) -> None:
    """It is given up, so that it takes no memory."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    pipe = Pipe(path)
    with path.open("wb", buffering=0) as writer:
        for _ in range(40):
            writer.write(b"x" * 4000)
            pipe.chunk()
        writer.write(b"\nnext\n")
        chunk = pipe.chunk()
    pipe.close()

    assert chunk.lines[-1] == b"next"
    assert len(chunk.lines[0]) < 65_536
