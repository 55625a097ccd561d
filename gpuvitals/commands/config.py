"""`gpuvitals config`."""

import json
from dataclasses import asdict

import click

from catalog import yamlfile
from exporter import listen, plan
from exporter.alerting import settings as alerting
from exporter.config import Config
from exporter.probing.settings import settings
from gpuvitals.context import World
from gpuvitals.options import config_options, resolve
from probes import sources


@click.group()
def command() -> None:
    """Check or show what flags, environment and file add up to.

    Example: gpuvitals config check --config gpuvitals.yaml
    """


@command.command()
@config_options()
@click.pass_obj
def check(world: World, /, config_file: str | None, **given: object) -> None:
    """Say whether the exporter would start with this configuration.

    Example: gpuvitals config check --config gpuvitals.yaml
    """
    _checked(resolve(world, config_file, given))
    print("the configuration is good")


@command.command()
@config_options()
@click.option("--json", "as_json", is_flag=True, help="JSON in place of YAML.")
@click.pass_obj
def show(world: World, /, config_file: str | None, *, as_json: bool, **given: object) -> None:
    """Print every setting as it would be used.

    Example: gpuvitals config show --json
    """
    config = _checked(resolve(world, config_file, given))
    settings = {**asdict(config), "xid_actions": dict(config.xid_actions)}
    print(
        json.dumps(settings) if as_json else yamlfile.dump(settings), end="\n" if as_json else ""
    )


def _checked(config: Config) -> Config:
    from exporter.web.door import lock  # noqa: PLC0415 - --help must not load a server

    sources.check(config.source)
    plan.start(config)
    plan.metrics_off(config)
    settings(config)
    alerting.settings(config)
    listen.parse(config.listen)
    lock.check(config.web_config)
    return config
