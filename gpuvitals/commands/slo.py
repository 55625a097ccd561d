"""`gpuvitals slo`: objectives in OpenSLO, checked and turned into rules."""

import json
from pathlib import Path

import click

from gpuvitals.commands.slo_backtest import backtest
from gpuvitals.commands.slo_report import report
from gpuvitals.commands.slo_specs import specs
from gpuvitals.commands.slo_status import status
from gpuvitals.rule_options import rule_options, rule_text, tests_option, write, write_tests
from gpuvitals.slo_options import read
from slo.detection import RATES, Detection, detections
from slo.objective import Objective


@click.group()
def command() -> None:
    """Check service level objectives and write their rules.

    Example: gpuvitals slo check ./slos
    """


for other in (specs, status, backtest, report):
    command.add_command(other)


@command.command()
@click.argument("place", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object per objective.")
def check(place: Path, *, as_json: bool) -> None:
    """Say what is wrong with the OpenSLO documents in PLACE; if nothing is, what their alerts can do.

    Example: gpuvitals slo check ./slos
    """
    for objective in read(place):
        found = detections(objective)
        print(json.dumps(_plain(objective, found)) if as_json else _table(objective, found))


@command.command()
@click.argument("place", type=click.Path(path_type=Path))
@rule_options
@click.option(
    "--naming",
    type=click.Choice(["gpuvitals", "sloth"]),
    default="gpuvitals",
    show_default=True,
    help="sloth adds what dashboards made for Sloth read: its series and its labels on alerts.",
)
@tests_option
def rules(
    place: Path, job: str, kind: str, naming: str, out: Path | None, tests: Path | None
) -> None:
    """Write the Prometheus rules of the OpenSLO documents in PLACE.

    Example: gpuvitals slo rules ./slos --out slo-rules.yml
    """
    from slo import rule_tests, sloth  # noqa: PLC0415 - --help must be quick
    from slo import rules as ours  # noqa: PLC0415

    groups = sloth.groups if naming == "sloth" else ours.groups
    objectives = read(place)
    found = [group for objective in objectives for group in groups(objective)]
    if tests:
        write_tests(tests, out, kind, lambda name: rule_tests.document(objectives, name))
    write(rule_text(found, job, kind, "slo"), out)


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
