"""The `gpuvitals` command. The only module that touches the environment, exits, or prints an error."""

import importlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

import click

from catalog.errors import ConfigError, DriverMissing, GpuVitalsError
from gpuvitals.context import World

# Name -> one line of help, in the order that --help shows. The modules are loaded when asked for: --help stays fast.
COMMANDS = {
    "demo": "Serve a recording of a real GPU, with its page, to look at.",
    "serve": "Read this node's GPUs and serve them: the DaemonSet's command.",
    "simulate": "Serve a fleet of simulated nodes on one port.",
    "record": "Write every reading of this machine to a file, for --source replay.",
    "release": "Let go of the driver for a while, for an upgrade.",
    "probe": "Run an active probe now, or list them.",
    "xid": "Explain an error code of the driver: what it means and what to do.",
    "history": "Ask the embedded history, or export it.",
    "alerts": "Write alert rules, the configuration of Alertmanager, and runbooks.",
    "slo": "Check service level objectives and write their rules.",
    "generate": "Write every generated file.",
    "config": "Check or show the configuration.",
}


_NOBODY_READS = 128 + signal.SIGPIPE
"""The exit status that a shell reports of a program whose pipe broke."""


class _Lazy(click.Group):
    """Knows its commands by name and imports the one that runs."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        from gpuvitals.log_options import with_log_options  # noqa: PLC0415 - --help lists without it

        command: click.Command = importlib.import_module(f"gpuvitals.commands.{name}").command
        return with_log_options(command)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from catalog.suggest import meant  # noqa: PLC0415 - only who slips waits for it

            hint = meant(args[0], COMMANDS, "gpuvitals --help lists all")
            raise ConfigError(f"there is no command {args[0]!r}; {hint}")
        return super().resolve_command(context, args)

    def invoke(self, context: click.Context) -> Any:
        """Run it; when nobody reads what it prints any more (`gpuvitals ... | head`), end without a word, as others do."""
        try:
            code = super().invoke(context)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(
                os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
            )  # flushed once more at exit
            return _NOBODY_READS
        return code

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gpuvitals")
def cli() -> None:
    """GPU Vitals: the truth about a node's NVIDIA GPUs.

    Example: gpuvitals demo
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command: 0 is yes, 1 is no, 2 is for the user to mend, said in one line."""
    world = World(environ=dict(os.environ), clock=time.time)
    try:
        code = cli.main(args=argv, prog_name="gpuvitals", standalone_mode=False, obj=world)
    except click.ClickException as error:
        return _fail(error.format_message())
    except click.Abort:
        return 130
    except (ConfigError, DriverMissing) as error:
        return _fail(str(error))
    except GpuVitalsError as error:
        return _fail(str(error), code=1)
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int = 2) -> int:
    print(f"gpuvitals: {message}", file=sys.stderr)
    return code


def entry() -> None:
    """What the installed script calls."""
    sys.exit(main())
