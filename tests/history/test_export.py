import sys
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

import history
from catalog.errors import ConfigError
from history import export, table
from history.export import Format
from history.question import Line
from history.table import Row
from tests.history.samples import T0

ANSWER = (
    Line(
        {"uuid": "GPU-a", "clock": "sm"}, array("d", [T0, T0 + 60]), array("d", [0.1 + 0.2, 5e9])
    ),
    Line({"uuid": "GPU-b", "clock": 'a "b", c'}, array("d", [T0]), array("d", [2.0])),
)
ROWS = tuple(table.rows("gpu_clock_hertz", ANSWER))


def test_text() -> None:
    """A table is aligned and rounded for people."""
    assert "".join(table.as_text(ROWS)) == (
        "TIME                  UUID   CLOCK          VALUE\n"
        "2024-10-04T00:00:00Z  GPU-a  sm               0.3\n"
        "2024-10-04T00:01:00Z  GPU-a  sm        5000000000\n"
        '2024-10-04T00:00:00Z  GPU-b  a "b", c           2\n'
    )


def test_empty_text() -> None:
    """An answer without a value is a header."""
    assert "".join(table.as_text(())) == "TIME  VALUE\n"


def test_csv() -> None:
    """CSV has numbers in full, quotes where needed, and a column that only other metrics have."""
    assert "".join(table.as_csv(ROWS, ("uuid", "clock", "reason"))) == (
        "time,metric,uuid,clock,reason,value\n"
        "2024-10-04T00:00:00Z,gpu_clock_hertz,GPU-a,sm,,0.30000000000000004\n"
        "2024-10-04T00:01:00Z,gpu_clock_hertz,GPU-a,sm,,5000000000.0\n"
        '2024-10-04T00:00:00Z,gpu_clock_hertz,GPU-b,"a ""b"", c",,2.0\n'
    )


def test_json_lines() -> None:
    """One object per value."""
    assert next(table.as_json_lines(ROWS)) == (
        '{"time": "2024-10-04T00:00:00Z", "metric": "gpu_clock_hertz",'
        ' "labels": {"uuid": "GPU-a", "clock": "sm"}, "value": 0.30000000000000004}\n'
    )


def test_parquet(tmp_path: Path) -> None:
    """A Parquet file has the same rows, typed."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="the parquet extra is not installed")

    export.write(ROWS, tmp_path / "x.parquet", Format.PARQUET, ())

    records = parquet.read_table(tmp_path / "x.parquet").to_pylist()
    assert [record["value"] for record in records] == [row.value for row in ROWS]
    assert [int(record["time"].timestamp()) for record in records] == [row.time for row in ROWS]
    assert [dict(record["labels"]) for record in records] == [row.labels for row in ROWS]


def test_parquet_without_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow the message says what to install, and no file is left."""
    monkeypatch.delitem(sys.modules, "history.parquet", raising=False)
    monkeypatch.delattr(history, "parquet", raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(ConfigError, match=r"pip install 'gpuvitals\[parquet\]'"):
        export.write(ROWS, tmp_path / "x.parquet", Format.PARQUET, ())

    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    """An export that breaks off does not touch what was there."""

    def rows() -> Iterator[Row]:
        yield ROWS[0]
        raise ZeroDivisionError

    path = tmp_path / "x.csv"
    path.write_text("yesterday's")

    with pytest.raises(ZeroDivisionError):
        export.write(rows(), path, Format.CSV, ("uuid",))

    assert [file.read_text() for file in tmp_path.iterdir()] == ["yesterday's"]


def test_out_is_a_folder(tmp_path: Path) -> None:
    """A folder is refused with a name to use."""
    with pytest.raises(ConfigError, match=r"is a folder; name a file such as .*history.csv"):
        export.write(ROWS, tmp_path, Format.CSV, ())


def test_out_is_nowhere(tmp_path: Path) -> None:
    """A folder that is not there is named."""
    with pytest.raises(ConfigError, match=r"cannot write .*x.json: No such file or directory"):
        export.write(ROWS, tmp_path / "nowhere" / "x.json", Format.JSON, ())
