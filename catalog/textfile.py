"""Writes a file as a whole or not at all: nobody ever reads half of it."""

import os
import tempfile
from pathlib import Path


def write(file: Path, text: str) -> None:
    """Put *text* into *file*, in place of whatever was there.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    target = file.resolve()
    if target.exists() and not target.is_file():  # a terminal, a pipe
        target.write_text(text, encoding="utf-8")
        return
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as output:
            output.write(text)
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink()
        raise


def _umask() -> int:
    """The process tells it only while it is changed."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
