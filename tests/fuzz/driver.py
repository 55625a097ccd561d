"""Fuzzes one target in this process: `python -m tests.fuzz.driver TARGET LIBFUZZER-OPTIONS...`."""

import atexit
import signal
import sys

import atheris

# Only what is imported in here is watched: our own code, and PyYAML, which is Python too.
with atheris.instrument_imports(include=["catalog", "exporter", "history", "probes", "yaml"]):
    from tests.fuzz.registry import TARGETS


def main() -> None:
    """Hand over to libFuzzer, which ends the process."""
    name, *options = sys.argv[1:]
    target = TARGETS[name]
    for seed in target.seeds():  # What is made once must not count as the time of an input.
        target.one(seed)
    # libFuzzer's alarm goes on when its handler is gone, and would end an interpreter that is ending.
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)
    atheris.Setup([sys.argv[0], *options], target.one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
