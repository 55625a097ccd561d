"""`gpuvitals slo`: objectives in OpenSLO, checked and turned into rules."""

import json
from pathlib import Path

import click

from slo.detection import RATES, Detection, detections
from slo.objective import Objective

_DEFAULT_JOB = "gpuvitals"


@click.group()
def command() -> None:
    """Check service level objectives and write their rules.

    Example: gpuvitals slo check ./slos
    """


@command.command()
@click.argument("place", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object per objective.")
def check(place: Path, *, as_json: bool) -> None:
    """Say what is wrong with the OpenSLO documents in PLACE; if nothing is, what their alerts can do.

    Example: gpuvitals slo check ./slos
    """
    for objective in _objectives(place):
        found = detections(objective)
        print(json.dumps(_plain(objective, found)) if as_json else _table(objective, found))


@command.command()
@click.argument("place", type=click.Path(path_type=Path))
@click.option(
    "--job", default=_DEFAULT_JOB, show_default=True, help="The scrape job of our exporters."
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
def rules(place: Path, job: str, kind: str, out: Path | None) -> None:
    """Write the Prometheus rules of the OpenSLO documents in PLACE.

    Example: gpuvitals slo rules ./slos --out slo-rules.yml
    """
    from catalog.rules import files  # noqa: PLC0415 - --help must be quick
    from slo.rules import groups  # noqa: PLC0415

    found = [group for objective in _objectives(place) for group in groups(objective)]
    made = "gpuvitals slo rules"
    if kind == "plain":
        text = files.plain(found, job, made)
    else:
        text = files.resource(found, job, made, "gpuvitals-slo", {})
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")


def _objectives(place: Path) -> tuple[Objective, ...]:
    from slo.openslo.folder import Folder  # noqa: PLC0415 - --help must be quick
    from slo.openslo.objectives import objectives  # noqa: PLC0415

    return objectives(Folder.load(place))


def _table(objective: Objective, found: tuple[Detection, ...]) -> str:
    head = f"{objective.name}: {objective.target:.6g} over {objective.window}"
    columns = "".join(f"{rate:>12}" for rate in (*RATES, "ends within"))
    lines = [f"  {'alert':<14}{'burn rate':>10}{columns}  needs events"]
    for one in found:
        times = "".join(
            f"{_duration(seconds):>12}" for seconds in (*one.seconds, one.reset_seconds)
        )
        lines.append(
            f"  {one.tier.name:<14}{one.factor:>10.4g}{times}  {one.events:.0f} in {one.tier.long}"
        )
    return "\n".join((head, *lines))


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def _plain(objective: Objective, found: tuple[Detection, ...]) -> dict[str, object]:
    return {
        "name": objective.name,
        "target": objective.target,
        "window_days": objective.days,
        "alerts": [
            {
                "tier": one.tier.name,
                "severity": one.tier.severity,
                "burn_rate": one.factor,
                "detection_seconds": dict(zip(RATES, one.seconds, strict=True)),
                "reset_seconds": one.reset_seconds,
                "events_needed": one.events,
            }
            for one in found
        ],
    }
