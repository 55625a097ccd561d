"""A recording: gzip, JSON lines, and a driver that answers from them."""

import gzip
import itertools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from probes.recordings import H200
from probes.replay import open_recording
from tests.fuzz.machine import NOW, read_all
from tests.fuzz.target import Target, refusal_allowed

_FOLDER = tempfile.TemporaryDirectory(prefix="gpuvitals-fuzz-")
_MAGIC = b"\x1f\x8b"


def one(data: bytes) -> None:
    """A recording that can be played, or one error of ours; what is no gzip is packed first, else no line would be read."""
    file = Path(_FOLDER.name) / "recording.jsonl.gz"
    file.write_bytes(data if data.startswith(_MAGIC) else gzip.compress(data, 0))
    with refusal_allowed():
        read_all(open_recording(str(file), lambda: NOW))


def seeds() -> Iterator[bytes]:
    """The header and some lines of a real recording, packed and not."""
    with gzip.open(H200, "rt", encoding="utf-8") as file:
        header, *lines = itertools.islice(file, 400)
    system = json.dumps({**json.loads(header), "made": NOW - 60})
    yield f"{system}\n".encode()
    short = [line for line in lines if len(line) < 200]
    for start in range(0, len(short) - 20, 20):
        yield "".join((system, "\n", *short[start : start + 20])).encode()
    more = '{"t":1,"phase":"idle"}\n{"t":2,"event":[0,8,79]}\n{"t":3,"gpu":0,"q":"nvmlDeviceGetFanSpeed_v2","e":3}\n'
    yield f"{system}\n{more}".encode()
    yield gzip.compress(f"{system}\n{more}".encode(), mtime=0)


TARGET = Target(name="recording", one=one, seeds=seeds, share=60, longest=8192)
