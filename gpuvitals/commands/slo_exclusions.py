"""`gpuvitals slo exclusions`: time that does not count, copied from where else it is written down."""

from pathlib import Path

import click


@click.group()
def exclusions() -> None:
    """Keep time that does not count in files beside the objectives.

    Example: gpuvitals slo exclusions pull --alertmanager http://localhost:9093 --matcher 'team="ml"' --out slos/silences
    """


@exclusions.command()
@click.option("--alertmanager", "url", required=True, help="Its address: http://HOST:9093.")
@click.option(
    "--matcher",
    "matchers",
    multiple=True,
    required=True,
    help="""Silences with a matcher that agrees, such as slo="availability"; with several, with all.""",
)
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for a file per silence; what is there stays as it is.",
)
def pull(url: str, matchers: tuple[str, ...], folder: Path) -> int:
    """Copy Alertmanager's silences into dated files: only files count, and Alertmanager forgets.

    Exits with 1 if a silence has other times by now than its file says.

    Example: gpuvitals slo exclusions pull --alertmanager http://localhost:9093 --matcher 'team="ml"' --out slos/silences
    """
    from catalog.errors import ConfigError, HistoryError  # noqa: PLC0415 - --help must be quick
    from slo import silences  # noqa: PLC0415

    changed = False
    try:
        found = tuple(silences.pull(url, matchers, folder))
    except HistoryError as error:
        raise ConfigError(str(error)) from error
    for one in found:
        silence = one.silence
        match one.fate:
            case silences.Fate.CHANGED:
                changed = True
                text = f"{one.file} is kept, but the silence is now from {silence.starts_at:%FT%TZ} to {silence.ends_at:%FT%TZ}: mend the file if that is right"
            case silences.Fate.NEVER_BEGAN:
                text = f"silence {silence.id} ended before it began"
            case fate:
                text = f"{one.file} {fate.value}"
        click.echo(text)
    return int(changed)
