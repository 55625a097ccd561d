"""When an Xid is news."""

from alerts.policies import xids
from catalog.metric import Metric
from catalog.metrics import events
from catalog.promql import instant
from catalog.promql.instant import Labels
from catalog.xid.actions import Action

NOW = 1_795_518_000.0
GPU = (("gpu", "0"), ("uuid", "GPU-1"))


def alerting(action: Action, samples: dict[Metric, dict[tuple[str, str], float]]) -> set[str]:
    """The codes for which *action* is asked at NOW, from values by code and action."""

    def select(metric: Metric) -> list[tuple[Labels, float]]:
        return [
            (frozenset((*GPU, ("xid", code), ("action", asked))), value)
            for (code, asked), value in samples[metric].items()
        ]

    found = instant.vector(xids.recent(action), select, NOW)
    return {dict(labels)["xid"] for labels in found}


def test_a_record_that_takes_back_what_an_earlier_one_asked_for_is_no_news_of_that() -> None:
    """Xid 154 asked for a reset a day ago; now, after it, the GPU says that it needs nothing."""
    samples = {
        events.XID_ERRORS: {("154", "reset_gpu"): 1.0, ("154", "none"): 1.0},
        events.XID_LAST: {("154", "reset_gpu"): NOW - 86_400, ("154", "none"): NOW - 1},
    }

    assert alerting(Action.RESET_GPU, samples) == set()


def test_news_is_what_was_reported_lately() -> None:
    """Within five minutes, the first of its code too."""
    samples = {
        events.XID_ERRORS: {("79", "reboot_node"): 1.0, ("119", "reboot_node"): 3.0},
        events.XID_LAST: {("79", "reboot_node"): NOW - 60, ("119", "reboot_node"): NOW - 301},
    }

    assert alerting(Action.REBOOT_NODE, samples) == {"79"}
