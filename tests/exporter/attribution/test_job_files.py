"""Job files as dcgm-exporter reads them."""

import os
from pathlib import Path

import pytest

from exporter.attribution import job_files
from exporter.attribution.failure import AttributionError, Reason


def test_files_by_index_and_instance(tmp_path: Path) -> None:
    """One job per line; an empty file is a GPU without a job."""
    (tmp_path / "0").write_text("17\n18\n")
    (tmp_path / "1").write_text("")
    (tmp_path / "2.7").write_text("  job-a \r\n\njob-a\n")

    assert job_files.read(str(tmp_path)) == {
        (0, None): ("17", "18"),
        (1, None): (),
        (2, 7): ("job-a",),
    }


def test_what_is_no_job_file(tmp_path: Path) -> None:
    """Other names, folders and pipes are left alone: a pipe would never end."""
    for name in ("README", "0.tmp", ".0", "-1", "0x1", "12345"):
        (tmp_path / name).write_text("17\n")
    (tmp_path / "3").mkdir()
    os.mkfifo(tmp_path / "4")

    assert job_files.read(str(tmp_path)) == {}


def test_a_file_that_is_no_list(tmp_path: Path) -> None:
    """Bytes of any kind, any number of lines: some jobs, no harm."""
    (tmp_path / "0").write_bytes(bytes(range(256)) * 4096)
    (tmp_path / "1").write_text("\n".join(map(str, range(100_000))))

    jobs = job_files.read(str(tmp_path))

    assert len(jobs[0, None]) <= 64
    assert jobs[1, None] == tuple(map(str, range(64)))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """It is one failure that names the folder."""
    with pytest.raises(AttributionError, match="nowhere: No such file") as caught:
        job_files.read(str(tmp_path / "nowhere"))

    assert caught.value.reason is Reason.UNREACHABLE
