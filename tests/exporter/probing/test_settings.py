"""What the configuration makes of the probes."""

from importlib.util import find_spec

import pytest

from catalog.errors import ConfigError
from catalog.probe import CHILD_MODULE
from exporter.config import Config
from exporter.probing.settings import SIMULATED, enabled, settings
from probes.active.pace import Pace
from probes.active.task import BY_NAME


def test_all_are_on_by_default() -> None:
    """Nobody has to know their names."""
    assert enabled(()) == set(BY_NAME)


def test_switches_hold_in_their_order() -> None:
    """One off; all off but one."""
    assert enabled(("-peer-link",)) == set(BY_NAME) - {"peer-link"}
    assert enabled(("-all", "memory-integrity")) == {"memory-integrity"}


@pytest.mark.parametrize(
    ("name", "hint"),
    [("-peer-lnk", "did you mean .peer-link"), ("zzz", "there are kernel-latency")],
)
def test_an_unknown_probe_is_refused(name: str, hint: str) -> None:
    """With the nearest right word, or all of them."""
    with pytest.raises(ConfigError, match=hint):
        enabled((name,))


def test_real_gpus_need_pycuda() -> None:
    """With the extra they are probed by default; without it nothing is, and the reason names the extra."""
    found = settings(Config(source="nvml"))

    if find_spec("pycuda"):
        assert found.child == CHILD_MODULE
    else:
        assert found.child is None
        assert "gpuvitals[cuda]" in found.absent


def test_a_recording_has_no_gpu() -> None:
    """Whatever is installed."""
    found = settings(Config(source="replay:h200.jsonl.gz"))

    assert (found.child, found.absent) == (None, "a recording has no GPU to probe")


def test_simulated_gpus_can_be_probed_faster() -> None:
    """An hour a minute, the budget in proportion; a child has as long as ever."""
    found = settings(Config(source="sim", probe_speed=60, probe_b_seconds=7200))

    assert found.child == SIMULATED
    assert (found.pace.period_a, found.pace.period_b) == (10.0, 120.0)
    assert (found.pace.budget, found.pace.deadline) == (120.0, Pace().deadline)


def test_real_gpus_cannot() -> None:
    """The default cadence is what tenants can bear."""
    with pytest.raises(ConfigError, match="real GPUs are probed at the default cadence"):
        settings(Config(source="nvml", probe_speed=2))
