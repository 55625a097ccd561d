"""`gpuvitals alerts`: alert rules for Prometheus, and the configuration of Alertmanager."""

from pathlib import Path

import click

from gpuvitals.rule_options import out_option, rule_options, rule_text, write


@click.group()
def command() -> None:
    """Write alert rules and who is told of them.

    Example: gpuvitals alerts rules --out gpuvitals-alerts.yml
    """


@command.command()
@rule_options
@click.option(
    "--tests",
    type=click.Path(path_type=Path),
    help="File to write tests of the rules to, for `promtool test rules`; needs --out, beside it.",
)
def rules(job: str, kind: str, out: Path | None, tests: Path | None) -> None:
    """Write the Prometheus rules of every alert.

    Example: gpuvitals alerts rules --format operator
    """
    from alerts.policies import ALL  # noqa: PLC0415 - --help must be quick
    from alerts.rules import groups  # noqa: PLC0415

    if tests:
        _write_tests(tests, out, job, kind)
    write(rule_text(groups(ALL), job, kind, "alerts"), out)


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


def _write_tests(tests: Path, out: Path | None, job: str, kind: str) -> None:
    from alerts import rule_tests  # noqa: PLC0415 - --help must be quick
    from alerts.policies import ALL  # noqa: PLC0415
    from catalog import yamlfile  # noqa: PLC0415
    from catalog.errors import ConfigError  # noqa: PLC0415

    if out is None or kind != "plain" or out.parent.resolve() != tests.parent.resolve():
        raise ConfigError("--tests: name a plain rule file in the same folder with --out")
    write(yamlfile.dump(rule_tests.document(ALL, job, out.name)), tests)
