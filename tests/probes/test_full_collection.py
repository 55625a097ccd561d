import subprocess
import sys

_SCRIPT = """
import gc, threading, weakref
from probes import full_collection

class Ring:
    def __init__(self):
        self.me = self  # so that only a collection frees it

gc.disable()
gone, ring = threading.Event(), Ring()
weakref.finalize(ring, gone.set)
gc.collect()  # the ring is among the long-lived objects now
del ring
full_collection.begin(every=0.01)
print(gone.wait(30))
"""


def test_garbage_goes_in_time() -> None:
    """What only refers to itself is freed, though nothing new is made and CPython alone would not look; the process may end."""
    ended = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True
    )

    assert ended.stdout == "True\n"
