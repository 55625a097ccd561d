"""Which batch jobs have which GPU, by files that the scheduler's prolog writes and its epilog removes.

As dcgm-exporter reads them: a file per GPU, named by its index (`0`), or per GPU instance (`0.7`); one job per line.
"""

import os
import re
from collections.abc import Mapping

from exporter.attribution.failure import AttributionError, Reason

_NAME = re.compile(r"(\d{1,4})(?:\.(\d{1,4}))?")
_LONGEST = 65_536
_MOST = 64
"""Jobs of one file that are read; what is longer is no list of jobs."""

Jobs = Mapping[tuple[int, int | None], tuple[str, ...]]
"""Job ids by the driver's index of the GPU and the GPU instance; of a GPU that is not there, no job has it."""


def read(folder: str) -> Jobs:
    """All job files of *folder*.

    Raises:
        AttributionError: it cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            files = {
                entry.path: _NAME.fullmatch(entry.name) for entry in entries if entry.is_file()
            }
        return {
            (int(name[1]), None if name[2] is None else int(name[2])): _jobs(path)
            for path, name in files.items()
            if name
        }
    except PermissionError as error:
        raise AttributionError(Reason.DENIED, f"{error.filename}: {error.strerror}") from error
    except OSError as error:
        raise AttributionError(Reason.UNREACHABLE, f"{folder}: {error.strerror}") from error


def _jobs(path: str) -> tuple[str, ...]:
    """The jobs of one file, none if it was removed meanwhile."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - a path of scandir
            lines = file.read(_LONGEST).splitlines()
    except FileNotFoundError:
        return ()
    jobs = dict.fromkeys(line.strip() for line in lines if line.strip())
    return tuple(jobs)[:_MOST]
