"""`gpuvitals slo check`: what is wrong with a folder of objectives, and what their alerts can do."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.errors import ConfigError, HistoryError
from gpuvitals.context import World
from slo.detection import RATES, Detection, detections
from slo.left_out import Share, shares
from slo.objective import Objective

if TYPE_CHECKING:
    from slo.openslo.objectives import Placed


@click.command()
@click.argument("place", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object per objective.")
@click.option(
    "--scrape-interval",
    "interval",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds between two scrapes: are there enough in each window?",
)
@click.option(
    "--prometheus",
    "url",
    help="Address of a Prometheus: does it have the metrics and labels, and do they make sense together?",
)
@click.option(
    "--job", default="gpuvitals", show_default=True, help="The scrape job of our exporters."
)
@click.pass_obj
def check(
    world: World,
    place: Path,
    *,
    as_json: bool,
    interval: float | None,
    url: str | None,
    job: str,
) -> int:
    """Say what is wrong with the OpenSLO documents in PLACE, and what their alerts can do.

    Exits with 2 if no rules can be made of them, with 1 if they can but something is odd.

    Example: gpuvitals slo check ./slos --scrape-interval 30 --prometheus http://localhost:9090
    """
    from slo.openslo.folder import Folder  # noqa: PLC0415 - --help must be quick
    from slo.openslo.notes import notes  # noqa: PLC0415
    from slo.openslo.objectives import placed  # noqa: PLC0415

    folder = Folder.load(place)
    found, now = placed(folder), world.clock()
    for one in found:
        objective = one.objective
        print(_json(objective, now) if as_json else "\n".join(_table(objective, now)))
    odd = [*notes(folder, found), *_scraped(found, interval), *_asked(found, url, job, now)]
    for note in odd:
        click.echo(str(note), err=True)
    return int(bool(odd))


def _scraped(found: "Iterable[Placed]", interval: float | None) -> Iterator[ConfigError]:
    from slo.scraping import too_short  # noqa: PLC0415 - --help must be quick

    for one in found if interval else ():
        yield from (one.error(text) for text in too_short(one.objective, interval or 0))


def _asked(
    found: "Iterable[Placed]", url: str | None, job: str, now: float
) -> Iterator[ConfigError]:
    if not url:
        return
    from history.prometheus_api import PrometheusApi  # noqa: PLC0415 - --help must be quick
    from slo.live import complaints  # noqa: PLC0415

    by_name = {one.objective.name: one for one in found}
    objectives = [one.objective for one in by_name.values()]
    try:
        for objective, text in complaints(objectives, PrometheusApi(url), job, now):
            yield by_name[objective.name].error(text)
    except HistoryError as error:
        raise ConfigError(str(error)) from error


def _table(objective: Objective, now: float) -> Iterator[str]:
    yield f"{objective.name}: {objective.target:.6g} over {objective.window}"
    columns = "".join(f"{rate:>12}" for rate in (*RATES, "ends within"))
    yield f"  {'alert':<14}{'burn rate':>10}{columns}  needs events"
    for one in detections(objective):
        times = "".join(
            f"{_duration(seconds):>12}" for seconds in (*one.seconds, one.reset_seconds)
        )
        yield f"  {one.tier.name:<14}{one.factor:>10.4g}{times}  {one.events:.0f} in {one.tier.long}"
    for share in shares(objective, now):
        yield f"  excluded {_duration(share.seconds)} of the window so far: {_told(share)}"
    for correction in objective.corrections:
        group = "/".join(correction.group) or "all"
        change = f"{correction.total:+g} events, {correction.bad:+g} bad"
        yield f"  corrected {group} by {change}: {correction.reason} ({correction.author}; {correction.source})"


def _told(share: Share) -> str:
    one = share.exclusion
    where = "".join(f", {label} {value}" for label, value in sorted(one.where.items()))
    author = f"{one.author}; " if one.author else ""
    return f"{one.reason}{where} ({author}{one.source})"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def _json(objective: Objective, now: float) -> str:
    return json.dumps(
        {
            "name": objective.name,
            "target": objective.target,
            "window": objective.window,
            "window_days": objective.days,
            "alerts": [_alert(one) for one in detections(objective)],
            "exclusions": [
                {
                    "reason": share.exclusion.reason,
                    "author": share.exclusion.author,
                    "where": dict(share.exclusion.where),
                    "source": share.exclusion.source,
                    "seconds_of_window": share.seconds,
                }
                for share in shares(objective, now)
            ],
            "corrections": [
                {
                    "group": list(one.group),
                    "total": one.total,
                    "bad": one.bad,
                    "reason": one.reason,
                    "author": one.author,
                    "source": one.source,
                }
                for one in objective.corrections
            ],
        }
    )


def _alert(one: Detection) -> dict[str, object]:
    return {
        "tier": one.tier.name,
        "severity": one.tier.severity,
        "burn_rate": one.factor,
        "detection_seconds": dict(zip(RATES, one.seconds, strict=True)),
        "reset_seconds": one.reset_seconds,
        "events_needed": one.events,
    }
