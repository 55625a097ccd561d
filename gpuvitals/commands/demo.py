"""`gpuvitals demo`."""

import asyncio
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gpuvitals.context import World
from gpuvitals.options import resolve
from probes.recordings import H200

if TYPE_CHECKING:
    from exporter.page.recent import Recent

_DAYS = 35
"""As far back as the page looks."""


@click.command()
@click.option(
    "--listen", default="127.0.0.1:9400", show_default=True, help="Where to serve: HOST:PORT."
)
@click.option("--live", is_flag=True, help="Read this machine's GPUs in place of the recording.")
@click.pass_obj
def command(world: World, listen: str, *, live: bool) -> None:
    """Serve a recording of a real H200 with its page, without a GPU and without traces on the disk.

    Example: gpuvitals demo --listen 127.0.0.1:9400
    """
    from exporter.lifetime import serve  # noqa: PLC0415
    from exporter.listen import bind, parse  # noqa: PLC0415 - --help must not load a server
    from exporter.page.recent import Recent  # noqa: PLC0415

    source = "nvml" if live else f"replay:{H200}"
    with tempfile.TemporaryDirectory(prefix="gpuvitals-demo-") as folder:
        config = resolve(
            world,
            None,
            {"source": source, "listen": listen, "state_dir": folder},
        )
        bind(listen).close()  # a port that is taken is said before the past is played
        recent = Recent()
        if not live:
            _fill(world, Path(folder), recent)
        what = "this machine's GPUs" if live else "a recording of a real H200, played in a loop"
        host, port = parse(listen)
        url = f"http://{host or '127.0.0.1'}:{port}/"
        print(f"Serving {what}: {url} and {url}metrics; Ctrl-C ends.", file=sys.stderr)
        asyncio.run(serve(config, lambda: config, world.clock, recent))


def _fill(world: World, folder: Path, recent: "Recent") -> None:
    from exporter.prefill import fill  # noqa: PLC0415 - --help must not load a database
    from history.database import Database  # noqa: PLC0415
    from probes.replay import open_recording  # noqa: PLC0415

    print(f"Playing the last {_DAYS} days into the history ...", file=sys.stderr)
    with Database.open(folder) as database:
        play = partial(open_recording, str(H200))
        fill(database, play, world.clock, (recent.observe,), _DAYS)
