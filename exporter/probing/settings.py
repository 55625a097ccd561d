"""What the configuration asks of the active probes."""

from dataclasses import dataclass
from importlib.util import find_spec

from catalog.errors import ConfigError
from catalog.probe import CHILD_MODULE
from catalog.suggest import meant
from exporter.config import Config
from probes.active.pace import Pace
from probes.active.task import BY_NAME, TASKS

SIMULATED = "probes.active.simulated"
_ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to probe.

    Attributes:
        child: the module that runs in the child, None if there is nothing to probe with.
        absent: why not, for the log.
        enabled: names of the tasks that may run.
    """

    child: str | None
    absent: str
    enabled: frozenset[str]
    pace: Pace

    @property
    def simulated(self) -> bool:
        """Whether the child has to be told what it finds."""
        return self.child == SIMULATED


def settings(config: Config) -> Settings:
    """The settings in *config*.

    Raises:
        ConfigError: a probe that does not exist is switched, or real GPUs are to be probed faster.
    """
    kind = config.source.partition(":")[0]
    if config.probe_speed != 1 and kind == "nvml":
        raise ConfigError(
            "probe_speed: real GPUs are probed at the default cadence; leave it out, or use --source sim"
        )
    child, absent = _child(kind)
    pace = Pace(
        period_a=float(config.probe_a_seconds), period_b=float(config.probe_b_seconds)
    ).faster(config.probe_speed)
    return Settings(child=child, absent=absent, enabled=enabled(config.probes), pace=pace)


def enabled(switches: tuple[str, ...]) -> frozenset[str]:
    """The tasks that are left when *switches* were thrown in their order.

    Raises:
        ConfigError: one names no probe.
    """
    found = set(BY_NAME)
    for switch in switches:
        name = switch.removeprefix("-")
        named = set(BY_NAME) if name == _ALL else {known(name)}
        found = found - named if switch.startswith("-") else found | named
    return frozenset(found)


def installed() -> str:
    """Why real GPUs cannot be probed here, empty if they can."""
    if find_spec("pycuda") is None:
        return (
            "PyCUDA is not installed; it comes with the extra cuda: pip install 'gpuvitals[cuda]'"
        )
    return ""


def check_source(source: str) -> None:
    """Say why GPUs of *source* cannot be probed.

    Raises:
        ConfigError: they cannot.
    """
    kind = source.partition(":")[0]
    child, absent = _child(kind)
    if (
        kind in ("nvml", "replay") and child is None
    ):  # what is no source at all is said by who opens it
        raise ConfigError(f"{source} cannot be probed: {absent}")


def _child(kind: str) -> tuple[str | None, str]:
    if kind == "sim":
        return SIMULATED, ""
    if kind == "replay":
        return None, "a recording has no GPU to probe"
    absent = installed()
    return (None, absent) if absent else (CHILD_MODULE, "")


def known(name: str) -> str:
    """*name*, if a probe has it.

    Raises:
        ConfigError: none does.
    """
    if name in BY_NAME:
        return name
    names = ", ".join(task.name for task in TASKS)
    hint = meant(name, BY_NAME, f"there are {names}, and {_ALL}")
    raise ConfigError(f"probes: there is no probe {name!r}; {hint}")
