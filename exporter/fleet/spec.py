"""What a simulated fleet consists of."""

from dataclasses import dataclass

from probes.sim.board import GpuSpec
from probes.sim.scenario import Scenario

MOST_READINGS = 20
"""Of a GPU between two scrapes. A longer time is divided into as many, each standing for more than a second."""
MOST_NODES = 1000
MOST_GPUS = 72
"""As many as an NVL72 rack has in one NVLink domain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSpec:
    """Nodes with the same GPUs and the same kind of work, each at a step of its own.

    Attributes:
        gpus: on each node.
        seed: fleets with the same seed are the same fleet.
        readings: of each GPU between two scrapes, at most.
    """

    nodes: int
    gpus: int
    gpu: GpuSpec
    seed: int = 0
    readings: int = MOST_READINGS

    def scenarios(self) -> tuple[Scenario, ...]:
        """Every node."""
        return tuple(
            Scenario(
                node=f"node-{place + 1:03d}",
                seed=self.seed * MOST_NODES + place,
                gpus=(self.gpu,) * self.gpus,
            )
            for place in range(self.nodes)
        )
