"""A process that lives for months collects its garbage in full now and then, or its memory creeps up.

Left alone, CPython does so once a quarter of its long-lived objects are new: in a steady process never. But nothing else empties
its free lists, which keep up to 2,000 dead tuples of each length up to 20: each `tuple(generator)` puts one in and takes none
out, for CPython does not know its length beforehand.
"""

import gc
import threading
import time

_EVERY = 60.0


def begin(every: float = _EVERY) -> None:
    """Collect from now on, a few milliseconds every so many seconds, as long as this process lives."""
    threading.Thread(target=_collect, args=(every,), name="collections", daemon=True).start()


def _collect(every: float) -> None:
    time.sleep(every)
    gc.collect()
    gc.freeze()  # What has lived until now stays: no later collection looks at it again, so each is short.
    while True:
        time.sleep(every)
        gc.collect()
