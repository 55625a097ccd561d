"""Files that a command writes and can check: what each should be, made from what it is."""

from collections.abc import Callable, Mapping
from pathlib import Path

import click

from catalog.errors import GpuVitalsError


def keep(files: Mapping[Path, Callable[[str], str]], command: str, *, check: bool) -> None:
    """Write those of *files* that are not what they should be, or only look.

    Raises:
        GpuVitalsError: *check*, and some would be written.
    """
    now = {path: path.read_text(encoding="utf-8") if path.exists() else "" for path in files}
    made = {path: make(now[path]) for path, make in files.items()}
    stale = [path for path in files if made[path] != now[path]]
    if check and stale:
        raise GpuVitalsError(f"not up to date: {', '.join(map(str, stale))}; run {command}")
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[path], encoding="utf-8")
        click.echo(f"wrote {path}")
