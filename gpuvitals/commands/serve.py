"""`gpuvitals serve`."""

import asyncio

import click

from exporter.config import Config
from gpuvitals.context import World
from gpuvitals.options import config_options, resolve
from probes import full_collection


@click.command()
@config_options()
@click.pass_obj
def command(world: World, /, config_file: str | None, **given: object) -> None:
    """Read this node's GPUs once a second and serve them on /metrics, the page on /.

    SIGHUP reads the configuration again, SIGUSR1 lets go of the driver for ten minutes.

    Example: gpuvitals serve --source sim --listen 127.0.0.1:9400 --state-dir ./state
    """
    from exporter.lifetime import serve  # noqa: PLC0415
    from exporter.logs import set_up  # noqa: PLC0415 - --help must not load a server

    def load() -> Config:
        return resolve(world, config_file, given)

    config = load()
    set_up(config.log_level, config.log_format)
    full_collection.begin()
    asyncio.run(serve(config, load, world.clock))
