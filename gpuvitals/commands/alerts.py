"""`gpuvitals alerts`: alert rules for Prometheus."""

from pathlib import Path

import click


@click.group()
def command() -> None:
    """Write alert rules.

    Example: gpuvitals alerts rules --out gpuvitals-alerts.yml
    """


@command.command()
@click.option(
    "--job", default="gpuvitals", show_default=True, help="The scrape job of our exporters."
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["plain", "operator"]),
    default="plain",
    show_default=True,
    help="A rule file, or a PrometheusRule resource.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="File to write; standard output by default."
)
def rules(job: str, kind: str, out: Path | None) -> None:
    """Write the Prometheus rules of every alert.

    Example: gpuvitals alerts rules --format operator
    """
    from alerts.policies import ALL  # noqa: PLC0415 - --help must be quick
    from alerts.rules import groups  # noqa: PLC0415
    from catalog.rules import files  # noqa: PLC0415

    made = "gpuvitals alerts rules"
    found = groups(ALL)
    if kind == "plain":
        text = files.plain(found, job, made)
    else:
        text = files.resource(found, job, made, "gpuvitals-alerts", {})
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")
