"""--log-level and --log-format of every command; one whose settings have them already logs by its settings."""

from functools import wraps
from typing import Any

import click

from exporter.config import PREFIX, SETTINGS
from exporter.logs import set_up

_LEVEL, _FORMAT = SETTINGS["log_level"], SETTINGS["log_format"]
_QUIET = "warning"
"""The default of commands that a person waits for: only what they should know."""


def with_log_options(command: click.Command) -> click.Command:
    """*command* and all that it groups, taking both options."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            with_log_options(one)
    elif command.callback and not any(param.name == _LEVEL.name for param in command.params):
        command.params += [_option(_LEVEL, _QUIET), _option(_FORMAT, "text")]
        command.callback = _logging(command.callback)
    return command


def _option(setting: Any, default: str) -> click.Option:
    return click.Option(
        [f"--{setting.name.replace('_', '-')}"],
        type=click.Choice(setting.metadata["choices"]),
        default=default,
        show_default=True,
        envvar=f"{PREFIX}{setting.name.upper()}",
        show_envvar=True,
        help=setting.metadata["help"],
    )


def _logging(run: Any) -> Any:
    @wraps(run)
    def logged(*args: Any, log_level: str, log_format: str, **given: Any) -> Any:
        set_up(log_level, log_format)
        return run(*args, **given)

    return logged
