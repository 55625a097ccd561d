"""`gpuvitals history`: questions to the embedded history, while the exporter writes it or after."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from catalog.errors import ConfigError, HistoryError
from catalog.metrics import ALL
from gpuvitals.context import World
from gpuvitals.options import config_options, resolve
from history import asking, export, table
from history.asking import Words
from history.database import Database
from history.export import Format
from history.minute import label_names
from history.question import Question
from history.sqlite import SqliteHistory
from history.table import Row

Command = Callable[..., Any]

_KEPT = tuple(metric.name for metric in ALL if metric.history)
_STANDARD_OUTPUT = Path("-")
_TIME = "now, -24h, 2026-07-01T12:00:00Z or seconds since 1970"
_WHAT = (
    click.option("--function", default="", help="increase, mean, min, max, last or quantile."),
    click.option("--from", "start", default="-24h", show_default=True, help=f"{_TIME}."),
    click.option("--to", "end", default="now", show_default=True, help=f"{_TIME}."),
    click.option(
        "--match", multiple=True, help="LABEL=VALUE that a series must have; repeatable."
    ),
    click.option("--by", help="Labels with commas: series that agree in them become one line."),
    click.option("--q", help="Which quantile, 0 to 1; 0.5 by default."),
)


def _what(command: Command) -> Command:
    for option in reversed(_WHAT):
        command = option(command)
    return config_options("state_dir")(command)


@click.group()
def command() -> None:
    """Ask the embedded history, or export it.

    Example: gpuvitals history query gpu_power_watts --from -24h --step 1h
    """


@command.command()
@click.argument("metric")
@click.option(
    "--step", default="5m", show_default=True, help="Length of a step; 0 is one for all."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per value.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values, numbers in full.")
@_what
@click.pass_obj
def query(world: World, /, metric: str, *, as_json: bool, as_csv: bool, **words: Any) -> None:
    """Print one function of METRIC, step by step. The default is the mean of a gauge, the increase of a counter.

    Example: gpuvitals history query gpu_energy_joules_total --from -7d --step 1d --by uuid
    """
    if as_json and as_csv:
        raise ConfigError("--json and --csv exclude each other; give one")
    with _history(world, words) as history:
        question = _question(world, metric, words)
        rows = table.rows(metric, history.answer(question))
        if as_json:
            lines = table.as_json_lines(rows)
        elif as_csv:
            lines = table.as_csv(rows, _labels([question]))
        else:
            lines = table.as_text(rows)
        for line in lines:
            click.echo(line, nl=False)


@command.command("export")
@click.argument("metrics", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(Format), case_sensitive=False),
    default=Format.CSV,
    show_default=True,
)
@click.option(
    "--out",
    default="-",
    type=click.Path(path_type=Path, allow_dash=True),
    help="File to write; standard output if there is none.",
)
@click.option(
    "--step", default="1m", show_default=True, help="Length of a step; 0 is one for all."
)
@_what
@click.pass_obj
def export_(
    world: World, /, metrics: tuple[str, ...], form: Format, out: Path, **words: Any
) -> None:
    """Write METRICS, or all that are kept, one record per value.

    Example: gpuvitals history export gpu_power_watts gpu_busy_seconds_total --from -35d --out node.csv
    """
    with _history(world, words) as history:
        questions = [_question(world, metric, words) for metric in metrics or _KEPT]
        rows, labels = _rows(history, questions), _labels(questions)
        if out == _STANDARD_OUTPUT:
            sys.stdout.writelines(export.lines(rows, Format(form), labels))
            return
        export.write(rows, out, Format(form), labels)
    click.echo(f"{out}: {len(questions)} metrics", err=True)


@contextmanager
def _history(world: World, words: dict[str, Any]) -> Iterator[SqliteHistory]:
    """The history of the configured folder. What it refuses is for the user to mend."""
    given = {"state_dir": words.pop("state_dir")}
    config = resolve(world, words.pop("config_file"), given)
    try:
        with Database.open_reader(Path(config.state_dir)) as database:
            yield SqliteHistory(database)
    except HistoryError as error:
        raise ConfigError(str(error)) from error


def _question(world: World, metric: str, words: dict[str, Any]) -> Question:
    match = ",".join(words["match"])
    return asking.question(Words(**{**words, "metric": metric, "match": match}), world.clock())


def _labels(questions: Iterable[Question]) -> tuple[str, ...]:
    """The label columns that the answers need together."""
    return tuple(dict.fromkeys(name for question in questions for name in _names(question)))


def _names(question: Question) -> tuple[str, ...]:
    return label_names(question.metric) if question.by is None else question.by


def _rows(history: SqliteHistory, questions: list[Question]) -> Iterator[Row]:
    with click.progressbar(
        questions, label="reading", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        for question in bar:
            yield from table.rows(question.metric.name, history.answer(question))
