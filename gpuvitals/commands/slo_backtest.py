"""`gpuvitals slo backtest`: what the alerts of objectives would have done in a past."""

import json
from pathlib import Path

import click

from gpuvitals.context import World
from gpuvitals.slo_options import asked, counting, history_options, moment, place_argument, read

_TIME = "now, -30d, 2026-07-01T12:00:00Z or seconds since 1970"


@click.command()
@place_argument
@history_options
@click.option("--from", "start", default="-30d", show_default=True, help=f"{_TIME}.")
@click.option("--to", "end", default="now", show_default=True, help=f"{_TIME}.")
@click.option(
    "--incidents",
    "incident_file",
    type=click.Path(path_type=Path),
    help="CSV file of what went wrong: start,end and, if wanted, columns called as the labels of groups.",
)
@click.option(
    "--pages-per-month",
    type=click.FloatRange(min=0),
    help="How many pages are wanted; what the target and each alert would have to be is said.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.pass_obj
def backtest(
    world: World,
    /,
    place: Path,
    url: str | None,
    state_dir: str | None,
    job: str,
    start: str,
    end: str,
    incident_file: Path | None,
    pages_per_month: float | None,
    form: str,
) -> None:
    """Replay a past: the pages that the objectives of the OpenSLO documents in PLACE would have sent, minute by minute.

    Example: gpuvitals slo backtest ./slos --from -30d --incidents incidents.csv --prometheus http://localhost:9090
    """
    from slo.backtest import Wish, backtests  # noqa: PLC0415 - --help must be quick
    from slo.backtest_json import plain  # noqa: PLC0415
    from slo.backtest_text import text  # noqa: PLC0415
    from slo.incidents import read as incidents  # noqa: PLC0415

    now = world.clock()
    wish = Wish(
        incidents=None if incident_file is None else incidents(incident_file),
        pages_per_month=pages_per_month,
    )
    objectives, span = read(place), (moment(start, now), moment(end, now))
    if span[0] >= span[1]:
        raise click.BadParameter(
            f"{start} is not before {end}; exchange them", param_hint="--from"
        )
    with asked(world, url, state_dir) as history:
        found = backtests(objectives, span, counting(history, job), wish)
    if form == "json":
        print(json.dumps([plain(one) for one in found], indent=2))
    else:
        print("\n\n".join(map(text, found)))
