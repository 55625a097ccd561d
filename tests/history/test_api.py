import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.errors import HistoryError
from catalog.metrics import power
from exporter.web import history_api
from history.minute import Key
from history.sqlite import SqliteHistory
from tests.history.samples import T0, counter, gauge

NOW = T0 + 300.0


@pytest.fixture
def filled(history: SqliteHistory) -> SqliteHistory:
    """Two GPUs over five minutes; the second is silent in the third."""
    for uuid in ("GPU-a", "GPU-b"):
        key = Key(uuid, power.NOW)
        history.append(
            [gauge(T0 + 60 * n, 100.0 + n, key) for n in range(5) if (uuid, n) != ("GPU-b", 2)]
        )
    history.append([counter(T0, 7.0, 7.0)])
    return history


def test_answer(filled: SqliteHistory) -> None:
    """One list of times for all lines, and null where nothing is known."""
    query = {
        "metric": "gpu_power_watts",
        "function": "max",
        "from": "-5m",
        "to": "now",
        "step": "60",
        "match": "uuid:GPU-b",
        "by": "uuid",
    }

    answer = history_api.answer(query, filled, NOW)

    assert json.loads(json.dumps(answer)) == {
        "metric": "gpu_power_watts",
        "unit": "watts",
        "function": "max",
        "start": T0,
        "end": T0 + 300,
        "step": 60,
        "times": [T0, T0 + 60, T0 + 120, T0 + 180, T0 + 240],
        "lines": [{"labels": {"uuid": "GPU-b"}, "values": [100.0, 101.0, None, 103.0, 104.0]}],
    }


def test_defaults(filled: SqliteHistory) -> None:
    """A metric's name is enough: every series over the last hour by the minute, mean or increase."""
    gauges = history_api.answer({"metric": "gpu_power_watts"}, filled, NOW)
    counters = history_api.answer({"metric": "gpu_energy_joules_total"}, filled, NOW)

    assert (gauges["function"], len(gauges["times"]), len(gauges["lines"])) == ("mean", 60, 2)
    assert counters["function"] == "increase"
    assert counters["lines"][0]["values"][-5] == 7.0


def test_one_step_for_all(filled: SqliteHistory) -> None:
    """Step 0 gives one value, an empty `by` one line."""
    query = {
        "metric": "gpu_power_watts",
        "from": "-5m",
        "step": "0",
        "by": "",
        "function": "quantile",
    }

    answer = history_api.answer({**query, "q": "1"}, filled, NOW)

    assert answer["lines"] == [{"labels": {}, "values": [104.0]}]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, r"say which metric: \?metric=NAME"),
        (
            {"metric": "gpu_power_wats"},
            "there is no metric 'gpu_power_wats'; did you mean 'gpu_power_watts'",
        ),
        ({"metric": "zzz"}, "there is no metric 'zzz'$"),
        ({"metric": "gpu_power_limit_watts"}, "is exported but not kept"),
        ({"function": "avg"}, "there is no function 'avg'; there are increase, mean"),
        ({"function": "increase"}, "gpu_power_watts is a gauge"),
        ({"step": "90"}, "the step is 90 s"),
        ({"step": "x"}, "'x' is not a length of time"),
        ({"from": "yesterday"}, "'yesterday' is not a time"),
        ({"from": "now", "to": "-1h"}, "the range is empty"),
        ({"match": "GPU-a"}, "'GPU-a' does not say which label; write label:value"),
        ({"match": "gpu:0"}, "has no label 'gpu'; it has uuid"),
        ({"by": "node"}, "has no label 'node'"),
        ({"function": "quantile", "q": "high"}, "the quantile is 'high'"),
        ({"function": "max", "q": "0.9"}, "q is of the function quantile, not of max"),
        ({"stepp": "60"}, "there is no parameter 'stepp'; did you mean 'step'?"),
        ({"from": "-35d"}, "50400 points are too many .* longer step or a shorter range"),
    ],
    ids=str,
)
def test_refused(filled: SqliteHistory, query: dict[str, str], message: str) -> None:
    """A wrong parameter is named, with what to write instead."""
    if query:
        query = {"metric": "gpu_power_watts", **query}

    with pytest.raises(HistoryError, match=message):
        history_api.answer(query, filled, NOW)


def test_too_many_lines(history: SqliteHistory) -> None:
    """More than a thousand lines are refused before they are read; `by` makes them few."""
    history.append([gauge(T0, 1.0, Key(f"GPU-{n}", power.NOW)) for n in range(1001)])
    query = {"metric": "gpu_power_watts", "step": "0"}

    with pytest.raises(HistoryError, match=r"1001 lines .* narrow it with match or by"):
        history_api.answer(query, history, NOW)

    assert len(history_api.answer({**query, "by": ""}, history, NOW)["lines"]) == 1


def test_too_many_values(history: SqliteHistory) -> None:
    """Many lines of many points are refused, although neither is too many by itself."""
    history.append([gauge(T0, 1.0, Key(f"GPU-{n}", power.NOW)) for n in range(100)])

    with pytest.raises(HistoryError, match="100 lines of 10080 points are too many"):
        history_api.answer({"metric": "gpu_power_watts", "from": "-7d"}, history, NOW)


WORDS = st.sampled_from(
    [
        "gpu_power_watts",
        "gpu_energy_joules_total",
        "mean",
        "last",
        "quantile",
        "-1h",
        "now",
        "60",
        "5m",
        "uuid",
        "uuid:GPU-a",
    ]
)
PARAMETERS = st.sampled_from(["metric", "function", "from", "to", "step", "match", "by", "q"])


@given(st.dictionaries(PARAMETERS | st.text(max_size=8), WORDS | st.text(max_size=20)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_query_is_answered_or_refused(filled: SqliteHistory, query: dict[str, str]) -> None:
    """What is answered is JSON."""
    with contextlib.suppress(HistoryError):
        json.dumps(history_api.answer(query, filled, NOW), allow_nan=False)
