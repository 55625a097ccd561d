"""What the exporter and its reader child say to each other."""

import contextlib
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.event import Event, EventKind, Severity
from catalog.snapshot import Identity, Tier
from probes.channel import Channel
from probes.messages import (
    HEADER,
    LONGEST,
    Beat,
    DriverState,
    Enumerated,
    EventsFailed,
    Found,
    Garbled,
    Happened,
    Health,
    Inject,
    NewLayout,
    NewReading,
    ReadNow,
    Reply,
    Start,
    Stop,
    Up,
    decode_down,
    decode_up,
    frame,
    length,
)

IDENTITY = Identity(uuid="GPU-1", index=1, model="NVIDIA H100", pci_bus_id="0", memory_bytes=None)
EVENT = Event(at=1.5, kind=EventKind.XID, severity=Severity.WARNING, message="Xid 79", code=79)
UPWARDS = (
    Beat(),
    DriverState(up=False, reason="no driver", fatal=True),
    Found(IDENTITY),
    Enumerated(("GPU-1", "unknown-2"), 3),
    EventsFailed("uninitialized"),
    Health("GPU-1", 1, "hung", "a call has not returned for 4 s"),
    NewLayout(7, "GPU-1", Tier.FAST, (("gpu_x", ("a", "b")), ("gpu_y", ()))),
    NewReading(
        layout=7,
        at=1.25,
        values=(1.0, 2.5),
        durations=(("power", 0.1),),
        failures=(("ecc", "unknown"),),
        rejected=(("power", "gpu_x", "blank"),),
        dropped=(("gpu_y", 3),),
    ),
    Happened(EVENT),
    Reply(3, None),
    Reply(4, "there is no GPU GPU-9"),
)
DOWNWARDS = (
    Start("sim", "node-7", None, frozenset({"power"}), {"gpu_x": 2}),
    ReadNow(1, "GPU-1", Tier.SLOW),
    Inject(2, {"gpu": 3, "kind": "hang", "seconds": 15}),
    Stop(),
)


@pytest.mark.parametrize("message", UPWARDS, ids=repr)
def test_upwards(message: Up) -> None:
    """What the child says arrives as it was said."""
    data = frame(message)

    assert HEADER.unpack(data[: HEADER.size]) == (len(data) - HEADER.size,)
    assert decode_up(data[HEADER.size :]) == message


@pytest.mark.parametrize("message", DOWNWARDS, ids=repr)
def test_downwards(message: Start | ReadNow | Inject | Stop) -> None:
    """What the exporter says arrives as it was said, whole and in order, in however many pieces."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for byte in frame(message):
            ours.send(bytes((byte,)))
        ours.send(frame(Stop()))
        ours.shutdown(socket.SHUT_WR)
        channel = Channel(theirs)

        assert channel.receive() == message
        assert channel.receive() == Stop()
        assert channel.receive() is None


def test_a_message_cut_short_is_an_end() -> None:
    """An exporter that dies in the middle of a message has hung up."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.send(frame(DOWNWARDS[0])[:-1])
        ours.shutdown(socket.SHUT_WR)

        assert Channel(theirs).receive() is None


@given(st.lists(st.floats(allow_nan=False), max_size=50), st.text(), st.floats(0, 1e12))
def test_values_keep_every_bit(values: list[float], label: str, at: float) -> None:
    """Any float and any text survive the socket."""
    reading = NewReading(layout=1, at=at, values=tuple(values), durations=())
    layout = NewLayout(1, label, Tier.ONCE, ((label, (label,)),))

    assert decode_up(frame(reading)[HEADER.size :]) == reading
    assert decode_up(frame(layout)[HEADER.size :]) == layout


def test_directions_do_not_mix() -> None:
    """A message of the wrong direction is refused, not taken for another."""
    with pytest.raises(Garbled, match="Invalid value"):
        decode_down(frame(Beat())[HEADER.size :])


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_garbled(body: bytes) -> None:
    """Nothing makes the decoder fail in another way."""
    for decode in (decode_up, decode_down):
        with contextlib.suppress(Garbled):
            decode(body)


def test_a_frame_has_a_longest() -> None:
    """A wrong length makes nobody wait for gigabytes."""
    assert length(HEADER.pack(LONGEST)) == LONGEST
    with pytest.raises(Garbled, match="longer than any message"):
        length(HEADER.pack(LONGEST + 1))
