"""What our YAML reader accepts, refuses and says about it."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import ConfigError
from catalog.yamlfile import MAX_DEPTH, Document, dump, load, load_all, parse

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20
)


def read(text: str) -> Document:
    """The document that *text* holds."""
    (document,) = parse(text, "f.yaml")
    return document


def test_values_are_plain() -> None:
    """Numbers, texts, lists and mappings arrive as Python's own."""
    document = read("a: 1\nb: [true, 2.5, ~, text]\nc:\n  d: 0x10\n")

    assert document.value == {"a": 1, "b": [True, 2.5, None, "text"], "c": {"d": 16}}


@pytest.mark.parametrize("text", ["no", "on", "12:30", "010", "2024-01-31", "1_000", "0b1", "="])
def test_traps_of_yaml_1_1_stay_texts(text: str) -> None:
    """What only YAML 1.1 takes for a number, a date or a boolean is the text that was written."""
    assert read(f"a: {text}").value == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e3", 1000.0), ("-7", -7), ("1.", 1.0), (".inf", float("inf")), ("", None)],
)
def test_core_schema_numbers(text: str, value: float | None) -> None:
    """Numbers of the core schema are numbers, nothing is null."""
    assert read(f"a: {text}").value == {"a": value}


def test_every_value_knows_its_line() -> None:
    """An error names the file and the line of the value it is about."""
    document = read("a: 1\ngpus:\n  - model: H100\n    count: 2\n")

    assert document.at("gpus", 0, "count") == "f.yaml:4"
    assert str(document.error("too many", "gpus", 0, "count")) == "f.yaml:4: too many"


def test_a_missing_value_is_placed_at_what_lacks_it() -> None:
    """A place that is not there is the nearest one above it."""
    document = read("a: 1\ngpus:\n  - count: 2\n")

    assert document.at("gpus", 0, "model") == "f.yaml:3"
    assert document.at("seed") == "f.yaml:1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: not valid YAML: 'a' is given twice, first on line 1"),
        ("x:\n  a: 1\n  a: 2\n", "f.yaml:3: not valid YAML: 'a' is given twice, first on line 2"),
        ("a: &x 1\nb: *x\n", "f.yaml:2: not valid YAML: aliases are not allowed; write the value of *x out"),
        ("a: 1\ntrue: b\n", "f.yaml:2: not valid YAML: a key must be a text or a whole number; put 'true' in quotes"),
        ("a: !!python/object:os.system x\n", "f.yaml:1: not valid YAML: the tag tag:yaml.org,2002:python/object:os.system is not allowed"),
        ("a: !mine x\n", "f.yaml:1: not valid YAML: the tag !mine is not allowed"),
        ("a: [1,\n", "f.yaml:2: not valid YAML: expected the node content, but found '<stream end>'"),
        ("a: b: c\n", "f.yaml:1: not valid YAML: mapping values are not allowed here"),
        ("a: 1\nb: \x00\n", "f.yaml:2: the character U+0000 is not allowed in YAML"),
        ("a: !!int x\n", "f.yaml: not valid YAML: invalid literal for int() with base 10: 'x'"),
    ],
)  # fmt: skip
def test_bad_yaml_is_named_with_its_line(text: str, message: str) -> None:
    """What is refused is refused with file, line and reason."""
    with pytest.raises(ConfigError) as caught:
        parse(text, "f.yaml")

    assert str(caught.value) == message


def test_an_alias_bomb_costs_nothing() -> None:
    """A few lines of aliases cannot unfold into gigabytes."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 20)]

    with pytest.raises(ConfigError, match=r"f\.yaml:2: .*aliases"):
        parse("\n".join(lines), "f.yaml")


def test_deep_nesting_is_refused() -> None:
    """Ten thousand brackets are an error with a line, not a crash."""
    with pytest.raises(ConfigError, match=f"f.yaml:1: .*deeper than {MAX_DEPTH} levels"):
        parse("[" * 10_000, "f.yaml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A folder is named as one."""
    with pytest.raises(ConfigError, match="is a folder; name the YAML file in it"):
        load(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is named with the system's reason."""
    with pytest.raises(ConfigError, match=r"none\.yaml cannot be read: No such file"):
        load(tmp_path / "none.yaml")


def test_a_path_with_a_zero_byte_is_no_file() -> None:
    """A path that no file can have is an error of the operator too."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load("a\0b")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """A file that is not UTF-8 is named with the line of the first bad byte."""
    file = tmp_path / "f.yaml"
    file.write_bytes(b"a: 1\nb: \xff\n")

    with pytest.raises(ConfigError, match=r"f\.yaml:2: not a text in UTF-8"):
        load(file)


def test_an_endless_file_is_not_read_to_its_end() -> None:
    """A device file does not exhaust memory."""
    with pytest.raises(ConfigError, match="larger than 16 MiB"):
        load("/dev/zero")


def test_several_documents(tmp_path: Path) -> None:
    """A file of several documents is read whole by one function and refused by the other."""
    file = tmp_path / "f.yaml"
    file.write_text("\ufeffa: 1\n---\na: 2\n", encoding="utf-8")

    assert [document.value for document in load_all(file)] == [{"a": 1}, {"a": 2}]
    with pytest.raises(ConfigError, match=r"f\.yaml:3: a second document"):
        load(file)


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    """An empty file is a document without a value."""
    file = tmp_path / "f.yaml"
    file.write_text("# nothing yet\n")

    assert load(file).value is None


def test_dump_is_sorted_and_plain() -> None:
    """The same value is the same text, whatever its order and kind of mapping."""

    class Colour(StrEnum):
        RED = "red"

    shared = ["x"]
    value = MappingProxyType({"b": (1, Colour.RED), "a": shared, "c": {"on": "no"}, "d": shared})

    assert dump(value) == 'a:\n- x\nb:\n- 1\n- red\nc:\n  "on": "no"\nd:\n- x\n'.replace('"', "'")


def test_long_and_multi_line_texts_stay_readable() -> None:
    """Nothing is folded; lines of a text are lines of the file."""
    assert dump({"expr": "sum(\n  x\n)\n", "long": "word " * 60 + "end"}) == (
        "expr: |\n  sum(\n    x\n  )\nlong: " + "word " * 60 + "end\n"
    )


@given(VALUES)
def test_what_is_dumped_is_read_back(value: object) -> None:
    """Reading undoes writing."""
    assert read(dump(value)).value == value


@given(st.dictionaries(TEXTS, SCALARS))
def test_readers_of_yaml_1_1_agree(value: Mapping[str, object]) -> None:
    """Prometheus and Kubernetes read YAML 1.1 and see the same values as we do."""
    assert yaml.safe_load(dump(value)) == value


@given(TEXTS | st.text("ab:-[]{}*&!|>#'\"\n \t,?%@", max_size=60))
def test_no_text_crashes_the_reader(text: str) -> None:
    """Any text is documents or one clear error."""
    try:
        found = [document.file for document in parse(text, "f.yaml")]
    except ConfigError as error:
        found = [str(error)[: len("f.yaml")]]

    assert set(found) <= {"f.yaml"}
