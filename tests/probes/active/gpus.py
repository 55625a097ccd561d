"""A simulated GPU as the gate and the verdict see it."""

from catalog.snapshot import GpuView
from exporter.probing.once import Bedside
from probes.sim.board import GpuSpec
from probes.sim.driver import SimDriver
from probes.sim.models import MODELS
from probes.sim.scenario import Scenario
from probes.sim.workload import Profile

NOW = 1_700_000_000.0


def bedside(
    model: str = "H200", *, mig: bool = False, workload: Profile = Profile.IDLE
) -> Bedside:
    """One GPU of its own machine, with nothing to do."""
    spec = GpuSpec(model=MODELS[model], workload=workload, mig=mig)
    driver = SimDriver(Scenario(gpus=(spec,)), lambda: NOW)
    (device,) = driver.devices()
    return Bedside(driver, device, lambda: NOW, lambda: 0.0)


def view(model: str = "H200", *, mig: bool = False, workload: Profile = Profile.IDLE) -> GpuView:
    """Everything that it tells."""
    return bedside(model, mig=mig, workload=workload).view
