import os
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from probes.kernel_log.device import Device


class Ring:
    """A kernel's ring as `read` shows it: each item is a record, or the error that reading it gives."""

    def __init__(self, *items: bytes | OSError) -> None:
        self.items = deque(items)
        self.closed = False

    def read(self, _size: int) -> bytes:
        if not self.items:
            raise BlockingIOError
        item = self.items.popleft()
        if isinstance(item, OSError):
            raise item
        return item

    def close(self) -> None:
        self.closed = True


def device(ring: Ring) -> Device:
    return Device(ring.read, ring.close)


@contextmanager
def sockets() -> Iterator[tuple[socket.socket, Device]]:
    """A writer, and a device over a descriptor that keeps records apart as the kernel's does."""
    kind = socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    with ours, theirs:
        yield ours, Device(partial(os.read, theirs.fileno()), theirs.close)


def test_one_read_is_one_record() -> None:
    """Lines that continue a record come with it."""
    with sockets() as (writer, reader):
        writer.send(b"6,1,2,-;one\n SUBSYSTEM=pci\n")
        writer.send(b"6,2,3,-;two\n")
        chunk = reader.chunk()

    assert chunk.lines == [b"6,1,2,-;one\n SUBSYSTEM=pci\n", b"6,2,3,-;two\n"]
    assert chunk.caught_up


def test_nothing_to_read_is_no_wait() -> None:
    """The caller looks again later."""
    with sockets() as (_, reader):
        chunk = reader.chunk()

    assert (chunk.lines, chunk.caught_up) == ([], True)


def test_overwritten_records_are_passed_over() -> None:
    """EPIPE says that the next record is gone; the one after tells by its number how many are."""
    chunk = device(Ring(b"6,1,2,-;a", BrokenPipeError(), b"6,9,3,-;b")).chunk()

    assert chunk.lines == [b"6,1,2,-;a", b"6,9,3,-;b"]


def test_a_full_ring_is_read_in_parts() -> None:
    """So that others get their turn."""
    reader = device(Ring(*[b"6,1,2,-;a"] * 1500))
    chunks = [reader.chunk(), reader.chunk()]

    assert [len(chunk.lines) for chunk in chunks] == [1000, 500]
    assert [chunk.caught_up for chunk in chunks] == [False, True]


def test_a_kernel_that_overwrites_faster_than_we_read() -> None:
    """It does not keep us in an endless loop."""
    chunk = device(Ring(*[BrokenPipeError()] * 5000)).chunk()

    assert (chunk.lines, chunk.caught_up) == ([], False)


def test_the_end_of_what_only_looks_like_a_device() -> None:
    """A sandbox may give an empty device."""
    assert device(Ring(b"")).chunk().caught_up


def test_other_errors_are_the_callers() -> None:
    """It has to open the device again."""
    with pytest.raises(OSError, match="gone"):
        device(Ring(OSError(19, "gone"))).chunk()
