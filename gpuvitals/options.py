"""The settings of `exporter.config` as options of a command, and the file that --config names."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import click

from catalog import yamlfile
from exporter.config import PREFIX, SETTINGS, Config, flag, load
from gpuvitals.context import World
from probes import sources

Command = Callable[..., Any]


def config_options(*names: str) -> Callable[[Command], Command]:
    """--config and one option per setting, or only those called *names*."""

    def decorate(command: Command) -> Command:
        for name, setting in reversed(SETTINGS.items()):
            if not names or name in names:
                command = _option(name, setting.default, setting.metadata["help"])(command)
        return click.option(
            "--config",
            "config_file",
            envvar=f"{PREFIX}CONFIG",
            show_envvar=True,
            help="YAML file with any of these settings, underscores in place of dashes.",
        )(command)

    return decorate


def _option(name: str, default: object, help_text: str) -> Callable[[Command], Command]:
    shown = f"{help_text} [{PREFIX}{name.upper()}; default: {_shown(default)}]"
    if isinstance(default, bool):
        return click.option(
            f"{flag(name)}/--no-{name.replace('_', '-')}", name, default=None, help=shown
        )
    return click.option(flag(name), name, default=None, help=shown)


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return "none" if default in ("", ()) else str(default)


def resolve(world: World, config_file: str | None, given: Mapping[str, object]) -> Config:
    """The configuration that flags, environment and file add up to.

    Raises:
        ConfigError: any of them is wrong.
    """
    flags = {name: value for name, value in given.items() if value is not None}
    config = load(flags, world.environ, yamlfile.load(config_file) if config_file else None)
    if config.node:
        return config
    return replace(config, node=sources.node(config.source) or socket.gethostname())
