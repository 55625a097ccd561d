"""`gpuvitals slo specs`: the objectives that come with us, to look at and to copy out."""

import json
from pathlib import Path

import click

from catalog.errors import ConfigError
from slo.shipped import EXPORTER_JOB, METRICS, SERVICE_JOB, descriptions, files


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to copy the documents to; without it they are listed.",
)
@click.option(
    "--metrics",
    type=click.Choice(METRICS),
    default="otel-http",
    show_default=True,
    help="What the metrics of the service are called.",
)
@click.option(
    "--service-job", default=SERVICE_JOB, show_default=True, help="The scrape job of the service."
)
@click.option(
    "--job", default=EXPORTER_JOB, show_default=True, help="The scrape job of our exporters."
)
@click.option("--json", "as_json", is_flag=True, help="List as JSON: descriptions by name.")
def specs(
    names: tuple[str, ...],
    *,
    out: Path | None,
    metrics: str,
    service_job: str,
    job: str,
    as_json: bool,
) -> None:
    """Copy out the objectives NAMES that come with us, or all; they are OpenSLO documents to change as you like.

    Example: gpuvitals slo specs availability response-time --service-job llm --out ./slos
    """
    texts = files(names, metrics, service_job, job)
    if out:
        _write(texts, out)
        return
    listed = {name: text for name, text in descriptions().items() if name in names or not names}
    if as_json:
        print(json.dumps(listed))
        return
    width = max(map(len, listed))
    for name, text in listed.items():
        print(f"{name:<{width}}  {text}")


def _write(texts: dict[str, str], out: Path) -> None:
    """All or none: what was changed by hand is not overwritten."""
    for name in texts:
        if (out / name).exists():
            raise ConfigError(
                f"{out / name} is there already; name another folder with --out, or remove the file"
            )
    out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8")
