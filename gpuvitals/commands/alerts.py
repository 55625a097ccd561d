"""`gpuvitals alerts`: alert rules for Prometheus, the configuration of Alertmanager, runbooks."""

from functools import partial
from pathlib import Path

import click

from alerts.links import Links
from gpuvitals.context import World
from gpuvitals.options import config_options, resolve
from gpuvitals.rule_options import (
    out_option,
    rule_options,
    rule_text,
    tests_option,
    write,
    write_tests,
)


@click.group()
def command() -> None:
    """Write alert rules, who is told of them, and what to do about each.

    Example: gpuvitals alerts rules --out gpuvitals-alerts.yml
    """


@command.command()
@rule_options
@tests_option
@config_options("runbook_url", "dashboard_url", "node_dashboard_url")
@click.pass_obj
def rules(
    world: World,
    /,
    job: str,
    kind: str,
    out: Path | None,
    tests: Path | None,
    config_file: str | None,
    **given: object,
) -> None:
    """Write the Prometheus rules of every alert.

    The addresses in the annotations are settings of the exporter too, which sends some of the alerts itself: give both the
    same, by --config or the environment.

    Example: gpuvitals alerts rules --format operator
    """
    from alerts import rule_tests  # noqa: PLC0415 - --help must be quick
    from alerts.policies import ALL  # noqa: PLC0415
    from alerts.rules import groups  # noqa: PLC0415

    config = resolve(world, config_file, given)
    links = Links(
        runbook_url=config.runbook_url,
        dashboard_url=config.dashboard_url,
        node_dashboard_url=config.node_dashboard_url,
    )
    if tests:
        write_tests(tests, out, kind, lambda rules: rule_tests.document(ALL, job, rules))
    write(rule_text(groups(ALL, links=links), job, kind, "alerts"), out)


@command.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="docs/runbooks",
    show_default=True,
    help="Folder of the pages.",
)
@click.option(
    "--check", is_flag=True, help="Write nothing; fail if a page is not what would be written."
)
def runbooks(out: Path, *, check: bool) -> None:
    """Write a page for each alert, or anew the part of it that is generated; what is written by hand stays.

    Example: gpuvitals alerts runbooks --out my-runbooks
    """
    from alerts import runbook  # noqa: PLC0415 - --help must be quick
    from alerts.policies import ALL  # noqa: PLC0415
    from gpuvitals import generated  # noqa: PLC0415

    pages = {out / f"{policy.name}.md": partial(runbook.page, policy) for policy in ALL}
    generated.keep(pages, f"gpuvitals alerts runbooks --out {out}", check=check)


@command.command()
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path),
    help="YAML file that says who is told and how; without one, webhooks whose addresses are in files.",
)
@out_option
def alertmanager(settings_file: Path | None, out: Path | None) -> None:
    """Write the configuration of Alertmanager: routes, grouping, inhibition, receivers.

    Example: gpuvitals alerts alertmanager --settings who.yml --out alertmanager.yml
    """
    from alerts.alertmanager import config, settings  # noqa: PLC0415 - --help must be quick
    from alerts.policies import ALL  # noqa: PLC0415
    from catalog import yamlfile  # noqa: PLC0415

    told = settings.read(yamlfile.load(settings_file)) if settings_file else settings.Settings()
    write(config.render(ALL, told, "gpuvitals alerts alertmanager"), out)
