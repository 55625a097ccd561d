"""The page on one alert: what its policy says, generated between two marks, then what is written by hand."""

import re
from collections.abc import Iterable, Iterator

from alerts.policies import ALL
from alerts.policy import KEEP_FIRING, Policy, Scope, Severity
from catalog.errors import ConfigError
from catalog.promql.expr import Binary, Expr

BEGIN = "<!-- DO NOT EDIT up to the next mark: written by `gpuvitals alerts runbooks` -->"
END = "<!-- What follows is written by hand. -->"
SECTIONS = ("Symptom", "Impact", "Check", "Act", "Escalate")
VENDOR = "What to send to NVIDIA"
"""A section of what hardware, firmware or driver may have caused."""
JOB = "gpuvitals"
WHO = {
    Severity.PAGE: "somebody is woken",
    Severity.TICKET: "somebody looks in working hours",
    Severity.INFO: "nobody is told",
}
ABOUT = {
    Scope.FLEET: "everything",
    Scope.NODE: "a node",
    Scope.GPU: "a GPU",
    Scope.LINK: "a link of a GPU",
    Scope.JOB: "a job on a GPU",
}
_LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
_COMPARE = (">", ">=", "<", "<=")


def page(policy: Policy, present: str) -> str:
    """The page that takes the place of *present*: the same text by hand, or empty sections if there is none.

    Raises:
        ConfigError: the mark that separates the two is not there.
    """
    frame = "\n".join(_frame(policy))
    return f"{BEGIN}\n{frame}\n\n{END}\n{_written(policy, present)}"


def plain(text: str) -> str:
    """*text* of an annotation, for a page that is about no alert in particular: labels in capitals, the value as N."""
    return _LABEL.sub(lambda found: found[1].upper(), text).replace("{{ $value }}", "N")


def _written(policy: Policy, present: str) -> str:
    if not present:
        return "".join(f"\n## {section}\n" for section in SECTIONS)
    _, mark, written = present.partition(f"{END}\n")
    if not mark:
        raise ConfigError(
            f"{policy.name}.md: the line {END!r} is missing; put it before what is written by hand"
        )
    return written


def _frame(policy: Policy) -> Iterator[str]:
    yield f"# {policy.name}\n"
    yield f"{plain(policy.meaning)}\n"
    yield "| | |"
    yield "|---|---|"
    yield from (f"| {name} | {text} |" for name, text in _facts(policy) if text)
    yield ""
    yield "```promql"
    yield policy.expr.text(JOB)
    yield "```"
    limits = tuple(dict.fromkeys(_limits(policy.condition)))
    if limits:
        yield "\nLimits:\n"
        yield from (f"- `{limit}`" for limit in limits)


def _facts(policy: Policy) -> Iterator[tuple[str, str]]:
    labels = ", ".join(f"`{label}`" for label in policy.identity)
    wait = f"after {policy.lasting}" if policy.lasting else f"at once: {policy.at_once}"
    yield "first action", plain(policy.action)
    yield "severity", f"`{policy.severity}`: {WHO[policy.severity]}"
    yield (
        "about",
        f"{ABOUT[policy.scope]}; one alert for each {labels}" if labels else "everything",
    )
    yield "fires", wait
    yield "ends", f"{KEEP_FIRING} after its condition" if policy.direct else "with its condition"
    yield "told by", "the exporter itself, and Prometheus" if policy.direct else "Prometheus"
    yield "value", plain(policy.value)
    yield "owner", "the namespace that alone has the GPU, as label `namespace`" * policy.owned
    yield "explained by", _names(policy.explained_by)
    yield "silences", _names(one.name for one in ALL if policy.name in one.explained_by)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"[{name}]({name}.md)" for name in names)


def _limits(expr: Expr) -> Iterator[str]:
    """Each comparison with a limit, without the job that every selector has."""
    if isinstance(expr, Binary) and expr.operator in _COMPARE:
        yield re.sub(rf'job="{JOB}",?', "", expr.text(JOB)).replace("{}", "")
    for part in expr.parts():
        yield from _limits(part)
