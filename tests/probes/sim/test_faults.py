"""How faults are written, and what is said about one that is wrong."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import ConfigError
from probes.sim import faults
from probes.sim.faults import KINDS, check, parse
from probes.sim.models import MODELS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_needs_little(kind: str) -> None:
    """Kind and GPU are enough, but for an Xid, which needs its code."""
    written: dict[str, object] = {"gpu": 0, "kind": kind}
    if kind == "xid":
        written["code"] = 79

    fault = parse(written, gpus=1)

    assert type(fault) is KINDS[kind]
    assert fault.at == 0


def test_fields_are_typed() -> None:
    """What is written arrives as it is meant; whole numbers are numbers too."""
    fault = parse({"gpu": 1, "kind": "hang", "at": 3, "seconds": 2, "blocks_all": True}, gpus=2)

    assert fault == faults.Hang(gpu=1, at=3.0, seconds=2.0, blocks_all=True)


def test_a_lost_gpu_is_lost_for_good_unless_said() -> None:
    """Durations have a default of their own per kind."""
    assert parse({"gpu": 0, "kind": "gpu_lost"}, gpus=1).seconds is None
    assert parse({"gpu": 0, "kind": "gpu_lost", "seconds": 5}, gpus=1).seconds == 5
    assert parse({"gpu": 0, "kind": "hang"}, gpus=1).seconds == 15


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("hang", "a fault is a mapping such as {gpu: 0, kind: hang}, not 'hang'"),
        ({"gpu": 0, "kind": "hangs"}, "kind: unknown fault 'hangs'; did you mean 'hang'?"),
        ({"gpu": 0, "kind": ["hang"]}, "kind: unknown fault ['hang']; did you mean 'hang'?"),
        ({"kind": "hang"}, "the key 'gpu' is missing"),
        ({"gpu": 9, "kind": "hang"}, "gpu 9: this node has GPUs 0 to 7"),
        ({"gpu": -1, "kind": "hang"}, "gpu: expected `int` >= 0, got -1"),
        ({"gpu": "0", "kind": "hang"}, "gpu: expected `int`, got '0'"),
        ({"gpu": True, "kind": "hang"}, "gpu: expected `int`, got True"),
        ({"gpu": 0, "kind": "xid"}, "the key 'code' is missing"),
        ({"gpu": 0, "kind": "xid", "cod": 79}, "unknown key 'cod'; did you mean 'code'?"),
        ({"gpu": 0, "kind": "xid", "code": 0}, "code: expected `int` >= 1, got 0"),
        ({"gpu": 0, "kind": "hang", "seconds": 0}, "seconds: expected `float` > 0.0, got 0"),
        ({"gpu": 0, "kind": "hang", "at": float("nan")}, "at: expected `float` >= 0.0, got nan"),
        (
            {"gpu": 0, "kind": "ecc_storm", "location": "dramm"},
            "location: unknown value 'dramm'; did you mean 'dram'?",
        ),
        (
            {"gpu": 0, "kind": "pcie_downtrain", "width": 3},
            "width: unknown value 3; use one of 1, 16, 2, 4, 8",
        ),
        (
            {"gpu": 0, "kind": "pcie_downtrain", "width": "8"},
            "width: expected `int`, got '8'",
        ),
        (
            {"gpu": 0, "kind": "bandwidth_loss", "left": 1},
            "left: expected `float` < 1.0, got 1",
        ),
        (
            {"gpu": 0, "kind": "hang", 7: 1},
            "unknown key 7; use one of at, blocks_all, gpu, kind, seconds",
        ),
    ],
)  # fmt: skip
def test_a_wrong_fault_says_how_to_mend_it(written: object, message: str) -> None:
    """The message names key and value, and the nearest right word."""
    with pytest.raises(ConfigError) as caught:
        parse(written, gpus=8)

    assert str(caught.value) == message


def test_a_node_with_one_gpu() -> None:
    """The range of GPUs reads well with one."""
    with pytest.raises(ConfigError, match="this node has GPU 0 only"):
        parse({"gpu": 1, "kind": "hang"}, gpus=1)


def test_a_missing_kind_lists_them() -> None:
    """Without a kind all kinds are named."""
    with pytest.raises(
        ConfigError, match=r"the key 'kind' is missing; use one of xid, ecc_storm,"
    ):
        parse({"gpu": 0}, gpus=1)


@pytest.mark.parametrize(
    ("fault", "model", "message"),
    [
        (faults.NvlinkErrors(gpu=0), "L40S", "gpu: NVIDIA L40S has no NVLink"),
        (faults.NvlinkErrors(gpu=0, link=12), "A100", "link: NVIDIA A100-SXM4-80GB has links 0 to 11"),
        (faults.NvlinkErrors(gpu=0, error="ecc"), "H200", "error: NVIDIA H200 does not count ecc; use crc, replay or recovery"),
        (faults.PcieDowntrain(gpu=0, generation=5), "A100", "generation: NVIDIA A100-SXM4-80GB has PCIe 4 at most"),
        (faults.ClockStuck(gpu=0, mhz=2000), "H100", "mhz: NVIDIA H100 80GB HBM3 runs at 1980 MHz at most"),
    ],
)  # fmt: skip
def test_a_fault_must_fit_the_model(fault: faults.Fault, model: str, message: str) -> None:
    """A fault that would show nowhere is refused."""
    with pytest.raises(ConfigError) as caught:
        check(fault, MODELS[model])

    assert str(caught.value) == message


@given(
    st.dictionaries(
        st.sampled_from(["gpu", "kind", "at", "seconds", "code", "rate", "x"]) | st.text(),
        st.none()
        | st.integers()
        | st.floats()
        | st.sampled_from(sorted(KINDS))
        | st.text()
        | st.lists(st.text()),
    )
)
def test_anything_written_is_a_fault_or_one_error(written: Mapping[str, object]) -> None:
    """No mapping makes the parser fail in another way."""
    try:
        fault: object = parse(written, gpus=2)
    except ConfigError:
        fault = None

    assert fault is None or isinstance(fault, faults.Fault)
