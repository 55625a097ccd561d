"""Rule files: Prometheus' own, and the PrometheusRule resource of the Prometheus operator."""

from collections.abc import Iterable, Mapping

from catalog import yamlfile
from catalog.rules.rule import Alert, Group, Record

GENERATED = "# DO NOT EDIT: written by `{command}`.\n"


def plain(groups: Iterable[Group], job: str, command: str) -> str:
    """A rule file, for `rule_files` of prometheus.yml."""
    return GENERATED.format(command=command) + yamlfile.dump(document(groups, job))


def resource(
    groups: Iterable[Group], job: str, command: str, name: str, labels: Mapping[str, str]
) -> str:
    """The same as a PrometheusRule.

    https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PrometheusRule
    """
    found = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": document(groups, job),
    }
    return GENERATED.format(command=command) + yamlfile.dump(found)


def document(groups: Iterable[Group], job: str) -> dict[str, object]:
    """The groups as both kinds of file hold them."""
    return {"groups": [_group(group, job) for group in groups]}


def _group(group: Group, job: str) -> dict[str, object]:
    interval = {"interval": group.interval} if group.interval else {}
    return {"name": group.name, **interval, "rules": [_rule(rule, job) for rule in group.rules]}


def _rule(rule: Record | Alert, job: str) -> dict[str, object]:
    expr = rule.expr.text(job)
    labels = {"labels": dict(rule.labels)} if rule.labels else {}
    if isinstance(rule, Record):
        return {"record": rule.name, "expr": expr, **labels}
    optional = {
        "for": rule.lasting,
        "keep_firing_for": rule.keep_firing,
        "annotations": dict(rule.annotations),
    }
    return {
        "alert": rule.name,
        "expr": expr,
        **labels,
        **{name: value for name, value in optional.items() if value},
    }
