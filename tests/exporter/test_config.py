"""Every setting can come from a flag, the environment or a file; wrong ones are named with their place."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import yamlfile
from catalog.errors import ConfigError
from catalog.xid.policy import overrides
from exporter.config import PREFIX, SETTINGS, Config, flag, load
from exporter.plan import metrics_off, start
from tests.catalog.yaml_values import documents
from tests.fuzz.target import refusal_allowed

# What a user may write for each setting: default, and three other values as flag, variable and in a file.
TYPES: dict[type, tuple[object, object, object]] = {
    str: ("from-flag", "from-environment", "from-file"),
    int: ("11", "12", 13),
    bool: (False, "true", False),
    tuple: ("a,b", "c, d", ["e"]),
}
ACTIONS: tuple[object, object, object] = ("48=none", "999=reboot_node, 31=none", {48: "reset_gpu"})
CHOICES = {
    "xid_actions": ACTIONS,
    "attribution": ("labels", "off", "labels"),
    "compat": ("dcgm-4.9", "dcgm-both", "dcgm-legacy"),
    "log_level": ("debug", "warning", "error"),
    "log_format": ("json", "text", "json"),
}
READ: dict[type, Callable[[object], object]] = {
    int: lambda value: int(str(value)),
    bool: lambda value: value in (True, "true"),
    tuple: lambda value: tuple(
        [part.strip() for part in value.split(",")] if isinstance(value, str) else value  # type: ignore[arg-type] # a list
    ),
}


def written(name: str) -> tuple[object, object, object]:
    """What flag, environment and file say about the setting *name*."""
    return CHOICES.get(name) or TYPES[type(SETTINGS[name].default)]


def understood(name: str, value: object) -> object:
    """The value that *value* was written for."""
    if name == "xid_actions":
        return overrides(value)
    return READ.get(type(SETTINGS[name].default), str)(value)


def document(text: str) -> yamlfile.Document:
    """A configuration file."""
    (parsed,) = yamlfile.parse(text, "gv.yaml")
    return parsed


@pytest.mark.parametrize("name", SETTINGS)
def test_flags_win_over_environment_over_file_over_default(name: str) -> None:
    """Each setting has all three, and the nearest to the user wins."""
    by_flag, by_variable, by_file = written(name)
    flags, environ = {name: by_flag}, {f"{PREFIX}{name.upper()}": str(by_variable)}
    file = document(yamlfile.dump({name: by_file}))

    assert getattr(load({}, {}), name) == SETTINGS[name].default
    assert getattr(load({}, {}, file), name) == understood(name, by_file)
    assert getattr(load({}, environ, file), name) == understood(name, by_variable)
    assert getattr(load(flags, environ, file), name) == understood(name, by_flag)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_has_a_flag_and_a_help(name: str) -> None:
    """The help is a sentence, the flag is the name with dashes."""
    assert SETTINGS[name].metadata["help"].endswith(".")
    assert flag(name) == f"--{name.replace('_', '-')}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("listn: :9400", "gv.yaml:1: there is no setting 'listn'; did you mean 'listen'?"),
        ("node: a\nhistory_day: 3", "gv.yaml:2: there is no setting 'history_day'; did you mean"),
        ("zzz: 1", "gv.yaml:1: there is no setting 'zzz'; known: source, listen"),
        ("listen: 9400", "gv.yaml:1: listen must be a text, not 9400"),
        ("node: a\nhistory_days: many", "gv.yaml:2: history_days must be a whole number"),
        ("history_days: 1.5", "gv.yaml:1: history_days must be a whole number, not 1.5"),
        ("history_days: true", "gv.yaml:1: history_days must be a whole number, not True"),
        ("history_days: 0", "gv.yaml:1: history_days must be 1 to 36500, not 0"),
        (f"history_days: {'9' * 400}", "gv.yaml:1: history_days must be 1 to 36500, not 999"),
        ("expected_gpus: -1", "gv.yaml:1: expected_gpus must be 0 to 1000, not -1"),
        ("nvlink_per_link: 1", "gv.yaml:1: nvlink_per_link must be true or false, not 1"),
        ("collectors: {a: b}", "gv.yaml:1: collectors must be a list of names"),
        ("collectors: [1]", "gv.yaml:1: collectors must be a list of names, not [1]"),
        ("log_level: loud", "gv.yaml:1: log_level must be one of debug, info, warning, error"),
        ("- listen", "gv.yaml:1: a mapping of settings is expected, such as 'listen: :9400'"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(text: str, complaint: str) -> None:
    """One line: the file, the line, what is wrong, and what would be right."""
    with pytest.raises(ConfigError) as refused:
        load({}, {}, document(text))

    assert str(refused.value).startswith(complaint)
    assert "\n" not in str(refused.value)


def test_a_key_given_twice_is_refused() -> None:
    """Neither of the two values wins silently."""
    with pytest.raises(ConfigError, match=r"gv.yaml:2: .*'node' is given twice, first on line 1"):
        document("node: a\nnode: b")


def test_a_file_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    """A message, not a traceback."""
    with pytest.raises(ConfigError, match="is a folder"):
        yamlfile.load(tmp_path)


def test_an_empty_file_is_the_default() -> None:
    """Nothing said, nothing changed."""
    assert load({}, {}, document("# nothing\n---\n")) == Config()


def test_wrong_flags_and_variables_are_named() -> None:
    """The message says which flag or variable."""
    with pytest.raises(ConfigError, match=r"^--history-days: history_days must be a whole number"):
        load({"history_days": "x"}, {})
    with pytest.raises(ConfigError, match=r"^environment, GPUVITALS_HISTORY_DAYS: history_days"):
        load({}, {"GPUVITALS_HISTORY_DAYS": "x"})
    with pytest.raises(ConfigError, match=r"GPUVITALS_NODE: node must be a text, not '.udcff'"):
        load({}, {"GPUVITALS_NODE": os.fsdecode(b"\xff")})
    with pytest.raises(ConfigError, match=r"GPUVITALS_LISTN: .*did you mean 'listen'"):
        load({}, {"GPUVITALS_LISTN": ":1"})


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "GPUVITALS_CONFIG",
        "GPUVITALS_SERVICE_HOST",
        "GPUVITALS_SERVICE_PORT",
        "GPUVITALS_SERVICE_PORT_METRICS",
        "GPUVITALS_PORT",
        "GPUVITALS_PORT_9400_TCP",
        "GPUVITALS_PORT_9400_TCP_ADDR",
        "GPUVITALS_HEADLESS_SERVICE_HOST",
    ],
)
def test_variables_of_others_are_left_alone(name: str) -> None:
    """Kubernetes sets variables with our prefix for a Service of our name; that must stop no pod."""
    assert load({}, {name: "tcp://10.0.0.1:9400"}) == Config()


def test_config_is_all_there_is_to_say() -> None:
    """Two configurations with the same settings are the same."""
    assert load({"node": "a"}, {}) == load({}, {"GPUVITALS_NODE": "a"})
    assert asdict(load({}, {})).keys() == SETTINGS.keys()


# -- what it asks the reader for ---------------------------------------------------------------------------------------


def test_collectors_are_switched_by_name() -> None:
    """A name switches one on, a leading '-' off; the others stay as they are."""
    default = start(Config()).collectors

    switched = start(Config(collectors=("-energy", "nvlink_per_link"))).collectors

    assert switched == default - {"energy"} | {"nvlink_per_link"}


def test_switches_of_their_own() -> None:
    """Two settings bring a collector with them, one of them with a budget of series."""
    told = start(Config(nvlink_per_link=True, process_series=5))

    assert {"nvlink_per_link", "process_memory"} <= told.collectors
    assert list(told.budgets.values()) == [5]


def test_what_is_not_there_cannot_be_switched() -> None:
    """A collector or metric that does not exist is an error with a suggestion."""
    with pytest.raises(ConfigError, match="no collector 'enrgy'; did you mean 'energy'"):
        start(Config(collectors=("-enrgy",)))
    with pytest.raises(ConfigError, match="no metric 'gpu_power_wats'; did you mean"):
        metrics_off(Config(metrics_off=("gpu_power_wats",)))


# -- whatever is written -----------------------------------------------------------------------------------------------


@given(
    documents(*SETTINGS, words=("sim", "true", "9", "debug", "none", "-ecc")),
    st.dictionaries(
        st.sampled_from([PREFIX + name.upper() for name in SETTINGS]) | st.text(max_size=20),
        st.text(max_size=20),
        max_size=4,
    ),
)
def test_whatever_is_written_is_a_configuration_or_one_line(
    written: object, environment: dict[str, str]
) -> None:
    """No file and no environment makes the reader fail in another way."""
    with refusal_allowed():
        config = load({}, environment, document(yamlfile.dump(written)))
        start(config)


PLAIN = {
    str: st.text(max_size=20),
    int: st.integers(1, 10_000),
    bool: st.booleans(),
    tuple: st.lists(st.text("abc_-", min_size=1, max_size=8), max_size=3).map(tuple),
}


@given(st.data())
def test_what_is_set_is_what_holds(data: st.DataObject) -> None:
    """A configuration that is written as a file is read as itself."""
    names = data.draw(
        st.sets(st.sampled_from(sorted(SETTINGS.keys() - CHOICES.keys())), max_size=6)
    )
    values = {name: data.draw(PLAIN[type(SETTINGS[name].default)]) for name in names}

    with contextlib.suppress(ConfigError):  # beyond the limits of a setting
        assert load({}, {}, document(yamlfile.dump(values))) == Config(**values)  # type: ignore[arg-type] # drawn by type
