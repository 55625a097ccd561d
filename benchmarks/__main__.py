"""Runs the benchmarks by name, or all: `python -m benchmarks [NAME...]`. Results go to benchmarks/RESULTS.md."""

import sys
from collections.abc import Sequence

from benchmarks import footprint, hang, load, scrape

BENCHMARKS = (
    ("scrape", scrape.main),
    ("load", load.main),
    ("hang", hang.main),
    ("footprint", footprint.main),
)


def main(names: Sequence[str]) -> int:
    """Run those called *names*; 2 if there is no such benchmark."""
    known = dict(BENCHMARKS)
    if unknown := [name for name in names if name not in known]:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    for name in names or known:
        known[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
