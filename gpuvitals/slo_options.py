"""What the commands that read a past for objectives have in common: the folder of documents, and which history is asked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.errors import ConfigError, HistoryError
from gpuvitals.context import World
from slo.objective import Objective

if TYPE_CHECKING:
    from history.counted import Counting
    from history.prometheus_api import PrometheusApi
    from history.question import History

Command = Callable[..., Any]

_OPTIONS = (
    click.option(
        "--prometheus",
        "url",
        help="Address of a Prometheus, Thanos, Mimir or VictoriaMetrics to ask: http://HOST:9090.",
    ),
    click.option(
        "--state-dir",
        help="Folder of an exporter, whose embedded history is asked. [GPUVITALS_STATE_DIR]",
    ),
    click.option(
        "--job", default="gpuvitals", show_default=True, help="The scrape job of our exporters."
    ),
)
place_argument = click.argument("place", type=click.Path(path_type=Path))


def history_options(command: Command) -> Command:
    """--prometheus, --state-dir and --job."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read(place: Path) -> tuple[Objective, ...]:
    """The objectives of the OpenSLO documents in *place*.

    Raises:
        ConfigError: anything in them is wrong.
    """
    from slo.openslo.folder import Folder  # noqa: PLC0415 - --help must be quick
    from slo.openslo.objectives import objectives  # noqa: PLC0415

    return objectives(Folder.load(place))


@contextmanager
def asked(
    world: World, url: str | None, state_dir: str | None
) -> "Iterator[PrometheusApi | History]":
    """The history that the options name. What it refuses is for the user to mend.

    Raises:
        ConfigError: none is named, or two, or it cannot be asked.
    """
    if url and state_dir:
        raise ConfigError("--prometheus and --state-dir exclude each other; give one")
    folder = state_dir or world.environ.get("GPUVITALS_STATE_DIR", "")
    if not url and not folder:
        raise ConfigError("name the history to ask: --prometheus URL or --state-dir DIR")
    try:
        if url:
            from history.prometheus_api import PrometheusApi  # noqa: PLC0415 - --help must be quick

            yield PrometheusApi(url)
        else:
            from history.database import Database  # noqa: PLC0415
            from history.sqlite import SqliteHistory  # noqa: PLC0415

            with Database.open_reader(Path(folder)) as database:
                yield SqliteHistory(database)
    except HistoryError as error:
        raise ConfigError(str(error)) from error


def counting(history: "PrometheusApi | History", job: str) -> "Counting":
    """What counts events by the samples or the minutes of *history*."""
    from history.embedded import EmbeddedCounting  # noqa: PLC0415 - --help must be quick
    from history.prometheus import PrometheusCounting  # noqa: PLC0415
    from history.prometheus_api import PrometheusApi  # noqa: PLC0415

    if isinstance(history, PrometheusApi):
        return PrometheusCounting(history, job)
    return EmbeddedCounting(history)


def moment(text: str, now: float) -> float:
    """The time that *text* says.

    Raises:
        ConfigError: it is none.
    """
    from history.when import point  # noqa: PLC0415

    try:
        return point(text, now)
    except HistoryError as error:
        raise ConfigError(str(error)) from error
