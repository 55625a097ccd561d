"""The probe child: `python -P -m cuda_probes.child` reads one order, writes one line and exits with 0, whatever the outcome.

What is no order is no run either: one line on the standard error, and it exits with 2.
The line is JSON: `catalog.probe.Result`. Everything else that libraries print goes to the standard error.
"""

import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import MutableMapping

import msgspec

from catalog.probe import Order, process_name
from cuda_probes.answer import answer
from cuda_probes.driver import Library, driver_text, initialised, load

_LONGEST_ORDER = 1 << 16
_PR_SET_NAME = 15


def main() -> None:
    """Answer the order on the standard input."""
    line = _own_standard_output()
    logging.basicConfig(stream=sys.stderr)
    stop = _StopFlag()
    signal.signal(signal.SIGTERM, stop.set)
    try:
        order = msgspec.json.decode(sys.stdin.buffer.readline(_LONGEST_ORDER), type=Order)
    except msgspec.MsgspecError as error:
        sys.exit(_refused(f"not an order: {error}"))
    _call_ourselves(process_name(order.nonce))
    _prepare(order, os.environ)
    result = answer(order, _library, stopped=stop.is_set, clock=time.perf_counter)
    with os.fdopen(line, "wb") as out:
        out.write(msgspec.json.encode(result) + b"\n")
    # Not through the interpreter's end: PyCUDA's own clean-up aborts the process where an error has ended a context.
    os._exit(0)


class _StopFlag:
    """Set by SIGTERM; looked at between launches."""

    def __init__(self) -> None:
        self._set = False

    def set(self, *_signal: object) -> None:
        self._set = True

    def is_set(self) -> bool:
        return self._set


def _own_standard_output() -> int:
    """A descriptor for the one line; what others print to the standard output goes to the standard error."""
    line = os.dup(1)
    os.dup2(2, 1)
    return line


def _call_ourselves(name: str) -> None:
    # Before CUDA starts threads: they take the name over, and the driver's log tells it.
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)


def _prepare(order: Order, environ: MutableMapping[str, str]) -> None:
    """Let CUDA see the order's GPUs alone, in its order, and keep no files and few threads."""
    uuids = dict.fromkeys((order.uuid, order.peer or order.uuid))
    environ["CUDA_VISIBLE_DEVICES"] = ",".join(uuids)
    environ["CUDA_CACHE_DISABLE"] = "1"
    # PyCUDA imports numpy, which would start a thread for each core of the machine.
    environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _refused(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 2


def _library() -> Library:
    return initialised(load(), driver_text)


if __name__ == "__main__":
    main()
