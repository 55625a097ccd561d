"""Files that are written as a whole or not at all."""

from pathlib import Path

import pytest

from catalog import textfile


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """Who may read it stays; nothing else is left beside it; a link stays one."""
    file, link = tmp_path / "rules.yml", tmp_path / "link.yml"
    file.write_text("old", encoding="utf-8")
    file.chmod(0o640)
    link.symlink_to(file)

    textfile.write(link, "new")

    assert file.read_text(encoding="utf-8") == "new"
    assert file.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert sorted(tmp_path.iterdir()) == [link, file]


def test_what_cannot_be_written_leaves_the_file(tmp_path: Path) -> None:
    """A text that is none of UTF-8 is found half-way."""
    file = tmp_path / "rules.yml"
    file.write_text("old", encoding="utf-8")

    with pytest.raises(UnicodeEncodeError):
        textfile.write(file, "new \ud800")

    assert file.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [file]
