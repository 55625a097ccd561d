"""What the configuration asks the reader child to read."""

from catalog.errors import ConfigError
from catalog.metric import Metric
from catalog.metrics import BY_NAME, processes
from catalog.suggest import meant
from catalog.xid.policy import Policy
from exporter.config import Config
from probes.collectors import COLLECTORS
from probes.messages import Start

_NAMES = tuple(collector.name for collector in COLLECTORS)


def start(config: Config) -> Start:
    """The first message to the reader child.

    Raises:
        ConfigError: a collector that does not exist is switched.
    """
    if config.allow_fault_injection and not config.source.startswith("sim"):
        raise ConfigError(
            f"allow_fault_injection: faults happen in a simulated source only, not in {config.source}; leave it out, "
            "or use --source sim"
        )
    enabled = {collector.name for collector in COLLECTORS if collector.default}
    if config.nvlink_per_link:
        enabled.add("nvlink_per_link")
    if config.process_series:
        enabled.add("process_memory")
    for switch in config.collectors:
        name = switch.removeprefix("-")
        if name not in _NAMES:
            hint = meant(name, _NAMES, f"there are {', '.join(_NAMES)}")
            raise ConfigError(f"collectors: there is no collector {name!r}; {hint}")
        if switch.startswith("-"):
            enabled.discard(name)
        else:
            enabled.add(name)
    return Start(
        source=config.source,
        node=config.node,
        nvml_library=config.nvml_library or None,
        collectors=frozenset(enabled),
        budgets={processes.MEMORY.name: config.process_series},
    )


def policy(config: Config) -> Policy:
    """What each Xid asks for, the operator's overrides included."""
    return Policy(overrides=dict(config.xid_actions))


def metrics_off(config: Config) -> frozenset[Metric]:
    """The metrics that are left out.

    Raises:
        ConfigError: a metric that does not exist is named.
    """
    for name in config.metrics_off:
        if name not in BY_NAME:
            hint = meant(name, BY_NAME, "METRICS.md lists all")
            raise ConfigError(f"metrics_off: there is no metric {name!r}; {hint}")
    return frozenset(BY_NAME[name] for name in config.metrics_off)
