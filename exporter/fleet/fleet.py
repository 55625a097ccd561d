"""The nodes of a simulated fleet; each is made when it is first asked for."""

from collections.abc import Callable

from exporter.fleet.node import FleetNode
from exporter.fleet.spec import FleetSpec


class Fleet:
    """The nodes of *spec* by their names, all from now on.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, spec: FleetSpec, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self._readings = spec.readings
        self._scenarios = {scenario.node: scenario for scenario in spec.scenarios()}
        self._made: dict[str, FleetNode] = {}

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all nodes, in order."""
        return tuple(self._scenarios)

    def node(self, name: str) -> FleetNode | None:
        """The node called *name*, None if there is none."""
        scenario = self._scenarios.get(name)
        if scenario and name not in self._made:
            self._made[name] = FleetNode(scenario, self._began, self._clock, self._readings)
        return self._made.get(name)
