"""Tests of the rules for `promtool test rules`, made from the examples of the policies.

Three GPUs, each on a node of its own: one gets into trouble, one comes just short of it, one is well; and a second scrape job
has the same series of the same three, all in trouble, as another exporter may. Counters begin anew, as after a restart, when the trouble is over.
"""

import re
from collections.abc import Iterable, Iterator

from alerts.example import Given
from alerts.policy import Policy
from catalog.metric import Scope as Of
from catalog.metrics import allocation, exporter, state

_UNITS = {"s": 1 / 60, "m": 1, "h": 60, "d": 1440}
_CASES = ("bad", "short", "good")
Example = tuple[Given, ...]


def document(policies: Iterable[Policy], job: str, rules: str) -> dict[str, object]:
    """The test file for the rule file called *rules*."""
    return {
        "rule_files": [rules],
        "evaluation_interval": "1m",
        "tests": [
            _test(policy, example, place, job)
            for policy in policies
            for place, example in enumerate(policy.examples, 1)
        ],
    }


def _test(policy: Policy, example: Example, place: int, job: str) -> dict[str, object]:
    windows = [_minutes(select.window) for select in policy.expr.selects() if select.window]
    window = max((one for one in windows if one < _UNITS["d"]), default=0)
    begin = window + 10
    held = _minutes(policy.lasting)
    end = begin + window + held + 10
    over = end + window + 10 + max(_minutes("5m"), 5)
    firing = f'ALERTS{{alertname="{policy.name}",alertstate="firing"}}'
    pending = f'count_over_time(ALERTS{{alertname="{policy.name}",alertstate="pending"}}[{end}m])'
    fired = _sample("ALERTS", _labels(policy, example, "firing"), 1)
    # It is pending at each evaluation of the time for which it must hold.
    waited = _sample("", _labels(policy, example, "pending"), held)
    asked = [
        (firing, begin - 1, []),
        (firing, end - 1, [fired]),
        (pending, end - 1, [waited] if held else []),
        (firing, over, []),
        (firing, over + 10, []),
    ]
    return {
        "name": f"{policy.name} {place}",
        "interval": "1m",
        "input_series": list(_input(example, job, (begin, end, over + 12))),
        "promql_expr_test": [
            {"expr": expr, "eval_time": f"{minute}m", "exp_samples": samples}
            for expr, minute, samples in asked
        ],
    }


def _minutes(duration: str) -> int:
    found = re.fullmatch(r"(\d+)([smhd])", duration)
    return int(int(found[1]) * _UNITS[found[2]]) if found else 0


def _labels(policy: Policy, example: Example, alert_state: str) -> dict[str, str]:
    where = {"node": "node-bad", "uuid": "bad", "instance": "bad"}
    labels = {name: where[name] for name in policy.identity if name in where}
    for given in example:
        own = given.series.matchers
        labels |= {name: own[name] for name in policy.labels if name in own}
    namespaces = [
        given.series.matchers["namespace"] for given in example if given.metric is allocation.INFO
    ]
    if policy.owned and len(namespaces) == 1:
        labels["namespace"] = namespaces[0]
    return {
        "alertname": policy.name,
        "alertstate": alert_state,
        "severity": policy.severity.value,
        "scope": policy.scope.value,
        **labels,
    }


def _sample(name: str, labels: dict[str, str], value: float) -> dict[str, object]:
    text = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return {"labels": f"{name}{{{text}}}", "value": value}


def _input(example: Example, job: str, times: tuple[int, int, int]) -> Iterator[dict[str, str]]:
    end = times[2]
    for case in _CASES:
        node = {"node": f"node-{case}"}
        for here, trouble in ((job, case), ("another", "bad")):
            target = {"job": here, "instance": case}
            yield _series(state.INFO.name, f"1x{end}", **target, uuid=case, **node)
            yield _series(exporter.BUILD_INFO.name, f"1x{end}", **target, **node)
            # Another node had the address before, and another exporter has the same GPU.
            yield _series(exporter.BUILD_INFO.name, "1 stale", **target, node="node-before")
            elsewhere = {**target, "instance": "elsewhere"}
            yield _series(state.INFO.name, f"1x{end}", **elsewhere, uuid=case, node="node-else")
            for given in example:
                mine = {"uuid": case} if given.metric.scope is Of.GPU else {}
                values = _values(given, trouble, times)
                yield _series(given.metric.name, values, **target, **mine, **given.series.matchers)


def _values(given: Given, case: str, times: tuple[int, int, int]) -> str:
    begin, end, last = times
    trouble = {"bad": given.bad, "short": given.short, "good": given.good}[case]
    total, values = 0.0, []
    for minute in range(last + 1):
        now = trouble if given.kept or begin <= minute <= end else given.good
        if given.counted:
            # The counters begin anew when all is well again.
            total = 0.0 if minute == end + 5 else total + now
            now = total
        values.append(minute * 60 - now if given.dated else now)
    return " ".join(f"{value:.12g}" for value in values)


def _series(name: str, values: str, **labels: str) -> dict[str, str]:
    pairs = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return {"series": f"{name}{{{pairs}}}", "values": values}
