"""A child that appends minutes until it is killed: `python -m tests.history.appender FOLDER START`.

Each minute has 20 series; after its commit the child prints the minute's number.
"""

import sys
from itertools import count
from pathlib import Path

from history.database import Database
from history.sqlite import SqliteHistory
from tests.history.samples import ENERGY, POWER, T0, counter, gauge

SERIES = 10


def main() -> None:
    """Append forever, twenty-five minutes to an hour so that packing is always under way."""
    folder, start = Path(sys.argv[1]), int(sys.argv[2])
    with Database.open(folder) as database:
        history = SqliteHistory(database)
        for number in count(start):
            at = T0 + number * 60
            names = [f"GPU-{n}" for n in range(SERIES)]
            history.append(
                [gauge(at, float(number), POWER._replace(uuid=name)) for name in names]
                + [counter(at, 1.0, float(number), ENERGY._replace(uuid=name)) for name in names]
            )
            print(number, flush=True)  # noqa: T201 - the acknowledgement
            history.maintain(at + 60)


if __name__ == "__main__":
    main()
