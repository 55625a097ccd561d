"""`gpuvitals release`."""

from pathlib import Path

import click

from catalog.errors import ConfigError, HistoryError
from exporter import control
from exporter.config import Config
from gpuvitals.context import World
from gpuvitals.options import resolve
from history.when import length


@click.command()
@click.option(
    "--for", "duration", default="10m", show_default=True, help="How long, such as 90s or 10m."
)
@click.option("--state-dir", help="State folder of the exporter that is to let go.")
@click.option("--config", "config_file", help="The exporter's configuration file.")
@click.pass_obj
def command(world: World, duration: str, state_dir: str | None, config_file: str | None) -> None:
    """Let go of the driver for a while, so that it can be upgraded or the GPU reset.

    Example: gpuvitals release --for 10m
    """
    config: Config = resolve(world, config_file, {"state_dir": state_dir})
    try:
        seconds = length(duration)
    except HistoryError as error:
        raise ConfigError(f"--for: {error}") from error
    pid = control.release(Path(config.state_dir), seconds)
    print(f"the exporter with pid {pid} lets go of the driver for {duration}")
