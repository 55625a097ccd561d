"""`gpuvitals slo status`: how objectives stand, now or at any time that the history remembers."""

import json
from pathlib import Path

import click

from gpuvitals.context import World
from gpuvitals.slo_options import asked, counting, history_options, moment, place_argument, read


@click.command()
@place_argument
@history_options
@click.option(
    "--at",
    default="now",
    show_default=True,
    help="When: now, -24h, 2026-07-01T12:00:00Z or seconds since 1970.",
)
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True
)
@click.pass_obj
def status(
    world: World,
    /,
    place: Path,
    url: str | None,
    state_dir: str | None,
    job: str,
    at: str,
    form: str,
) -> None:
    """Say how the objectives of the OpenSLO documents in PLACE stand.

    A Prometheus is asked for the series that our rules recorded; an objective whose rules it does not evaluate is
    computed from its counters, which takes longer. The last column says which.

    Example: gpuvitals slo status ./slos --prometheus http://localhost:9090
    """
    from history.prometheus_api import PrometheusApi  # noqa: PLC0415 - --help must be quick
    from slo.status_json import plain  # noqa: PLC0415
    from slo.status_table import table  # noqa: PLC0415
    from slo.statuses import of_history, of_prometheus  # noqa: PLC0415

    objectives, when = read(place), moment(at, world.clock())
    with asked(world, url, state_dir) as history:
        if isinstance(history, PrometheusApi):
            standing = of_prometheus(objectives, when, history, job)
        else:
            standing = of_history(objectives, when, counting(history, job))
    print(json.dumps(plain(standing), indent=2) if form == "json" else table(standing))
