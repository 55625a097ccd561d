"""What a reader child sends, frame by frame, and what the exporter makes of it."""

import contextlib
from collections.abc import Iterator
from functools import cache

from msgspec.structs import replace

from exporter.exposition import Exposition, Format
from exporter.intake import Intake
from exporter.prometheus import Instruments
from probes.messages import (
    HEADER,
    Garbled,
    NewLayout,
    NewReading,
    Up,
    decode_down,
    decode_up,
    frame,
)
from tests.exporter.health.ward import Ward
from tests.fuzz.machine import messages
from tests.fuzz.target import Target

_NOW = 1_795_518_000.0


def one(data: bytes) -> None:
    """Hear each frame of *data*, then draw what is known; the first that is no message ends the child."""
    ward = Ward(0, now=_NOW)
    intake = Intake(ward.watch, Instruments(), lambda _reason: None)
    for body in _bodies(data):
        try:
            intake.hear(decode_up(body))
        except Garbled:
            break
    Exposition().render(ward.hub.latest, Format.TEXT, lambda _metric: True)
    with contextlib.suppress(Garbled):
        decode_down(data)


def _bodies(data: bytes) -> Iterator[bytes]:
    while len(data) >= HEADER.size:
        (size,) = HEADER.unpack_from(data)
        yield data[HEADER.size : HEADER.size + size]
        data = data[HEADER.size + size :]


def seeds() -> Iterator[bytes]:
    """What a child says of a simulated GPU, message by message."""
    said = _said()
    yield from said
    yield b"".join(said)


@cache
def _said() -> tuple[bytes, ...]:
    return tuple(frame(_short(message)) for message in messages())


def _short(message: Up) -> Up:
    """Two series of a tier are enough."""
    if isinstance(message, NewLayout):
        return replace(message, series=message.series[:2])
    if isinstance(message, NewReading):
        return replace(message, values=message.values[:2])
    return message


TARGET = Target(name="messages", one=one, seeds=seeds, share=90, longest=8192)
