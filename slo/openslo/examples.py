"""Files of example series, that an indicator names whose query does not say which series make it good."""

import re
from pathlib import Path

import msgspec

from catalog import yamlfile
from catalog.errors import ConfigError
from slo.example import Example, Line
from slo.openslo.reading import read

_STARTS = re.compile(r"(\d+)([mh])")
_MINUTES = {"m": 1, "h": 60}


class _Series(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    series: str
    good: float
    bad: float
    gains: bool = False


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    series: list[_Series]
    starts: str = "0m"


def example(file: Path) -> Example:
    """The series in *file*.

    Raises:
        ConfigError: it cannot be read, or holds something else.
    """
    document = yamlfile.load(file)
    found = read(document, (), _File)
    starts = _STARTS.fullmatch(found.starts)
    if starts is None:
        text = f"starts: expected a time after midnight such as 8h, got {found.starts!r}"
        raise document.error(text, "starts")
    if not found.series:
        raise ConfigError(f"{file}: it holds no series")
    return Example(
        lines=tuple(
            Line(series=one.series.strip(), good=one.good, bad=one.bad, gains=one.gains)
            for one in found.series
        ),
        starts=int(starts[1]) * _MINUTES[starts[2]],
    )
