"""`gpuvitals demo`."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gpuvitals.context import World
from gpuvitals.options import resolve
from probes.recordings import H200

if TYPE_CHECKING:
    from exporter.page.recent import Recent

_HOURS = 2


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
    from exporter.listen import bind, parse  # noqa: PLC0415 - --help must not load a server
    from exporter.logs import set_up  # noqa: PLC0415
    from exporter.page.recent import Recent  # noqa: PLC0415
    from exporter.service import serve  # noqa: PLC0415

    source = "nvml" if live else f"replay:{H200}"
    with tempfile.TemporaryDirectory(prefix="gpuvitals-demo-") as folder:
        config = resolve(
            world,
            None,
            {"source": source, "listen": listen, "state_dir": folder, "log_level": "warning"},
        )
        set_up(config.log_level, config.log_format)
        bind(listen).close()  # a port that is taken is said before two hours are played
        recent = Recent()
        if not live:
            _fill(world, Path(folder), recent)
        what = "this machine's GPUs" if live else "a recording of a real H200, played in a loop"
        host, port = parse(listen)
        url = f"http://{host or '127.0.0.1'}:{port}/"
        print(f"Serving {what}: {url} and {url}metrics; Ctrl-C ends.", file=sys.stderr)
        asyncio.run(serve(config, lambda: config, world.clock, recent))


def _fill(world: World, folder: Path, recent: "Recent") -> None:
    from exporter.prefill import Prefill  # noqa: PLC0415 - --help must not load a database
    from exporter.standing_clock import StandingClock  # noqa: PLC0415
    from history.database import Database  # noqa: PLC0415
    from probes.replay import open_recording  # noqa: PLC0415

    print(f"Playing the last {_HOURS} hours into the history ...", file=sys.stderr)
    now = world.clock() // 1
    clock = StandingClock(now - _HOURS * 3600)
    database = Database.open(folder)
    Prefill(database, (recent.observe,)).play(open_recording(str(H200), clock), clock, now)
    database.close()
