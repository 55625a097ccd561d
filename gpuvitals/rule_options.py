"""What commands that write Prometheus rules have in common: for which job, in which frame, to which file."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from catalog.rules.rule import Group

Command = Callable[..., Any]

_OPTIONS = (
    click.option(
        "--job", default="gpuvitals", show_default=True, help="The scrape job of our exporters."
    ),
    click.option(
        "--format",
        "kind",
        type=click.Choice(["plain", "operator"]),
        default="plain",
        show_default=True,
        help="A rule file, or a PrometheusRule resource.",
    ),
)
out_option = click.option(
    "--out", type=click.Path(path_type=Path), help="File to write; standard output by default."
)

tests_option = click.option(
    "--tests",
    type=click.Path(path_type=Path),
    help="File to write tests of the rules to, for `promtool test rules`; needs --out, beside it.",
)


def rule_options(command: Command) -> Command:
    """--job, --format and --out."""
    for option in reversed((*_OPTIONS, out_option)):
        command = option(command)
    return command


def rule_text(groups: Iterable[Group], job: str, kind: str, name: str) -> str:
    """The rules that `gpuvitals NAME rules` writes."""
    from catalog.rules import files  # noqa: PLC0415 - --help must be quick

    made = f"gpuvitals {name} rules"
    if kind == "plain":
        return files.plain(groups, job, made)
    return files.resource(groups, job, made, f"gpuvitals-{name}", {})


def write(text: str, out: Path | None) -> None:
    """Write *text* to *out*, or print it; no server ever reads half of a file.

    Raises:
        ConfigError: it cannot be written.
    """
    from catalog import textfile  # noqa: PLC0415 - --help must be quick
    from catalog.errors import ConfigError  # noqa: PLC0415

    if out is None:
        click.echo(text, nl=False)
        return
    try:
        textfile.write(out, text)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}") from error


def write_tests(
    tests: Path, out: Path | None, kind: str, document: Callable[[str], Mapping[str, object]]
) -> None:
    """Write *document* of the name of the rule file to *tests*, which must lie beside it.

    Raises:
        ConfigError: promtool would not find the rules, or not read them.
    """
    from catalog import yamlfile  # noqa: PLC0415 - --help must be quick
    from catalog.errors import ConfigError  # noqa: PLC0415

    if out is None or kind != "plain" or out.parent.resolve() != tests.parent.resolve():
        raise ConfigError("--tests: name a plain rule file in the same folder with --out")
    write(yamlfile.dump(document(out.name)), tests)
