"""Scenario files: what they may say, and what is said about one that is wrong."""

import contextlib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import yamlfile
from catalog.errors import ConfigError
from probes.sim import faults
from probes.sim.models import MODELS
from probes.sim.scenario import DEFAULT, load
from probes.sim.workload import Profile
from tests.catalog.yaml_values import documents


def test_the_default_is_eight_h100_in_training() -> None:
    """`--source sim` alone needs no file."""
    assert [spec.model for spec in DEFAULT.gpus] == [MODELS["H100"]] * 8
    assert {spec.workload for spec in DEFAULT.gpus} == {Profile.TRAINING}
    assert DEFAULT.seed == 0


def test_the_demo_is_in_the_package() -> None:
    """The example that ships can be loaded, and shows mixed models, MIG and faults."""
    scenario = load(str(files("probes.sim") / "scenarios" / "demo.yaml"))

    assert len(scenario.gpus) == 8
    assert {spec.model.name for spec in scenario.gpus} > {"NVIDIA A100-SXM4-80GB"}
    assert [spec.mig for spec in scenario.gpus].count(True) == 1
    assert len({type(fault) for fault in scenario.faults}) == 8


def test_groups_unfold_in_order(tmp_path: Path) -> None:
    """GPUs are numbered as they are listed."""
    file = tmp_path / "s.yaml"
    file.write_text(
        "seed: 3\nnode: n1\ngpus:\n- {model: L40S, count: 2, workload: idle}\n- {model: B200}\n"
        "faults:\n- {gpu: 2, kind: xid, code: 48, at: 5}\n"
    )

    scenario = load(str(file))

    assert [spec.model.name for spec in scenario.gpus] == ["NVIDIA L40S"] * 2 + ["NVIDIA B200"]
    assert scenario.faults == (faults.Xid(gpu=2, code=48, at=5.0),)
    assert (scenario.seed, scenario.node) == (3, "n1")


GPUS = "gpus: [{model: H100, count: 8}]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: expected a mapping with gpus, seed, node, faults, got None"),
        ("- a\n", ":1: expected a mapping with gpus, seed, node, faults, got ['a']"),
        ("seed: 1\n", ":1: the key 'gpus' is missing"),
        ("gpus: []\n", ":1: gpus: expected `array` of length >= 1, got []"),
        (GPUS + "sed: 1\n", ":2: unknown key 'sed'; did you mean 'seed'?"),
        (GPUS + "seed: many\n", ":2: seed: expected `int`, got 'many'"),
        (GPUS + "node: 7\n", ":2: node: expected `str`, got 7"),
        ("gpus:\n- model: H100\n  cuont: 2\n", ":3: unknown key 'cuont'; did you mean 'count'?"),
        ("gpus:\n- count: 2\n", ":2: the key 'model' is missing"),
        ("gpus:\n- model: H20\n", ":2: model: unknown model 'H20'; did you mean 'H200'?"),
        ("gpus:\n- model: H100\n  count: 0\n", ":3: count: expected `int` >= 1, got 0"),
        (
            "gpus:\n- model: H100\n  workload: trainin\n",
            ":3: workload: unknown value 'trainin'; did you mean 'training'?",
        ),
        ("gpus:\n- model: L40S\n  mig: true\n", ":3: mig: NVIDIA L40S has no MIG"),
        (
            "seed: 1\ngpus: [{model: H100, count: 1000}, {model: H100, count: 25}]\n",
            ":2: gpus: more than 1024 are no machine",
        ),
        ("gpus: [3]\n", ":1: expected a mapping with model, count, workload, mig, got 3"),
        (
            GPUS + "faults:\n- kind: hang\n  gpu: 9\n",
            ":4: gpu 9: this node has GPUs 0 to 7",
        ),
        (
            GPUS + "faults:\n- kind: nvlink_errors\n  gpu: 0\n  error: ecc\n",
            ":5: error: NVIDIA H100 80GB HBM3 does not count ecc; use crc, replay or recovery",
        ),
        (
            GPUS + "seed: 1\nseed: 2\n",
            ":3: not valid YAML: 'seed' is given twice, first on line 2",
        ),
    ],
)
def test_a_wrong_scenario_says_where_and_how(tmp_path: Path, text: str, message: str) -> None:
    """Each mistake is named with file, line, key and the way out."""
    file = tmp_path / "s.yaml"
    file.write_text(text)

    with pytest.raises(ConfigError) as caught:
        load(str(file))

    assert str(caught.value) == f"{file}{message}"


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    """A folder is one clear error."""
    with pytest.raises(ConfigError, match="is a folder"):
        load(str(tmp_path))


KEYS = (
    "gpus",
    "seed",
    "node",
    "faults",
    "model",
    "count",
    "workload",
    "mig",
    "kind",
    "gpu",
    "at",
    "seconds",
)
WORDS = (*MODELS, *faults.KINDS, *(profile.value for profile in Profile))


@given(documents(*KEYS, words=WORDS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_is_a_scenario_or_refused(tmp_path: Path, written: object) -> None:
    """No document makes the reader fail in another way."""
    file = tmp_path / "s.yaml"
    file.write_text(yamlfile.dump(written), encoding="utf-8")

    with contextlib.suppress(ConfigError):
        load(str(file))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(MODELS)), st.integers(1, 9), st.sampled_from(list(Profile))
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(0),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_described_is_simulated(
    tmp_path: Path, groups: list[tuple[str, int, Profile]], seed: int
) -> None:
    """As many of each model, with its work, in that order."""
    file = tmp_path / "s.yaml"
    gpus = [{"model": m, "count": count, "workload": work} for m, count, work in groups]
    file.write_text(yamlfile.dump({"gpus": gpus, "seed": seed}))

    scenario = load(str(file))

    found = [(spec.model, spec.workload) for spec in scenario.gpus]
    assert found == [(MODELS[m], work) for m, count, work in groups for _ in range(count)]
    assert scenario.seed == seed
