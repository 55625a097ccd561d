"""docs/alerts.md: the alert policies as a page for people."""

from alerts.policies import ALL
from alerts.policy import Policy, Severity
from alerts.runbook import ABOUT, WHO, plain
from catalog.metrics import clocks, state

_HEADER = """\
<!-- DO NOT EDIT: written by `gpuvitals generate` from alerts/policies -->
# Alerts

{count} alerts. Each has a runbook: what is seen, what it costs, what to check and do, who is next. *At once* are alerts that the exporter
sends to Alertmanager itself, beside Prometheus; [alerting.md](alerting.md) says how, and who is told.

Words in capitals stand for labels of the alert: NODE, UUID, XID. BUS is the `pci_bus_id` of `{info}`, and what speaks of `kubectl` is for nodes of
Kubernetes. `gpuvitals` in a runbook runs on the node, where the exporter's state folder is (in Kubernetes by `kubectl exec` in the exporter's pod);
`nvidia-smi`, `dmesg` and `nvidia-bug-report.sh` run on the node as root.

A software power cap and application clocks are no alerts. A healthy training run is held at its power limit nine tenths of the time, and
application clocks are what an operator asked for: an alert on either would always fire and say nothing. Nor is a software thermal slowdown,
by which the driver keeps the GPU under its limit; what the hardware does for itself is an alert ([GpuThermalSlowdown](runbooks/GpuThermalSlowdown.md),
[GpuPowerBrake](runbooks/GpuPowerBrake.md)), and so is a small margin ([GpuTemperatureMarginSmall](runbooks/GpuTemperatureMarginSmall.md)) and a low
clock that nothing explains ([GpuClockLowUnderLoad](runbooks/GpuClockLowUnderLoad.md)). Seconds under each of them are in
`{seconds}{{reason}}`.
"""


def alerts_page() -> str:
    """The whole page."""
    named = {"count": len(ALL), "seconds": clocks.EVENT_SECONDS.name, "info": state.INFO.name}
    sections = ("\n".join(_section(severity)) for severity in Severity)
    return "\n".join([_HEADER.format(**named), *sections]) + "\n"


def _section(severity: Severity) -> tuple[str, ...]:
    return (
        f"## {severity.capitalize()}: {WHO[severity]}\n",
        "| alert | about | for | sent at once | what it means |",
        "|---|---|---|---|---|",
        *(_row(policy) for policy in ALL if policy.severity is severity),
        "",
    )


def _row(policy: Policy) -> str:
    cells = (
        f"[{policy.name}](runbooks/{policy.name}.md)",
        ABOUT[policy.scope],
        policy.lasting,
        "yes" if policy.direct else "",
        plain(policy.meaning),
    )
    return f"| {' | '.join(cells)} |"
