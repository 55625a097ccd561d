"""`gpuvitals slo`: objectives in OpenSLO, checked and turned into rules."""

from pathlib import Path

import click

from gpuvitals.commands.slo_backtest import backtest
from gpuvitals.commands.slo_check import check
from gpuvitals.commands.slo_exclusions import exclusions
from gpuvitals.commands.slo_report import report
from gpuvitals.commands.slo_specs import specs
from gpuvitals.commands.slo_status import status
from gpuvitals.rule_options import rule_options, rule_text, tests_option, write, write_tests
from gpuvitals.slo_options import read


@click.group()
def command() -> None:
    """Check service level objectives and write their rules.

    Example: gpuvitals slo check ./slos
    """


for other in (check, specs, status, backtest, report, exclusions):
    command.add_command(other)


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
