"""A fault as JSON: from the body of a request, over the socket to the reader child, into the simulator."""

import contextlib
import json
from collections.abc import Iterator
from typing import cast

from exporter.web.faults import parse
from probes.messages import HEADER, Inject, decode_down, frame
from probes.sim.driver import SimDriver
from probes.sim.faults import KINDS
from tests.fuzz.machine import NOW, SCENARIO, read_all
from tests.fuzz.target import Target, refusal_allowed


def one(data: bytes) -> None:
    """A fault that happens, or one error of ours."""
    driver = SimDriver(SCENARIO, lambda: NOW)
    with refusal_allowed(), contextlib.suppress(OverflowError, UnicodeEncodeError):
        written = parse(data)
        told = cast(Inject, decode_down(frame(Inject(1, written))[HEADER.size :]))
        driver.inject(told.fault)
        if written["kind"] != "hang":
            read_all(driver)


def seeds() -> Iterator[bytes]:
    """Every kind, with and without what may be said of it."""
    for kind, struct in KINDS.items():
        yield json.dumps({"gpu": 0, "kind": kind}).encode()
        fields = dict.fromkeys(struct.__struct_fields__, 1)
        yield json.dumps({**fields, "gpu": 0, "kind": kind}).encode()
    yield b'{"gpu": 0, "kind": "xid", "code": 79, "at": 0.5, "seconds": null}'


TARGET = Target(name="faults", one=one, seeds=seeds, share=60, longest=1024)
