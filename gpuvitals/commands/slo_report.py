"""`gpuvitals slo report`: how objectives fared in a month."""

from pathlib import Path

import click

from gpuvitals.context import World
from gpuvitals.rule_options import out_option, write
from gpuvitals.slo_options import asked, counting, history_options, place_argument, read


@click.command()
@place_argument
@history_options
@click.option("--month", required=True, help="Which: 2026-10.")
@click.option(
    "--zone", default="UTC", show_default=True, help="IANA time zone of the month and its days."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "markdown"]),
    default="json",
    show_default=True,
    help="For programs, in a documented schema; or for people.",
)
@out_option
@click.pass_obj
def report(
    world: World,
    /,
    place: Path,
    url: str | None,
    state_dir: str | None,
    job: str,
    month: str,
    zone: str,
    form: str,
    out: Path | None,
) -> None:
    """Say how the objectives of the OpenSLO documents in PLACE fared in a month: budget spent, worst days, pages.

    Example: gpuvitals slo report ./slos --month 2026-10 --prometheus http://localhost:9090 --out slo-2026-10.json
    """
    import msgspec  # noqa: PLC0415 - --help must be quick

    from slo.month import Month  # noqa: PLC0415
    from slo.report import report as told  # noqa: PLC0415
    from slo.report_markdown import markdown  # noqa: PLC0415

    objectives, asked_for = read(place), Month.named(month, zone)
    with asked(world, url, state_dir) as history:
        found = told(objectives, asked_for, world.clock(), counting(history, job))
    text = markdown(found)
    if form == "json":
        text = msgspec.json.format(msgspec.json.encode(found)).decode() + "\n"
    write(text, out)
