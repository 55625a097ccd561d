"""The MIG instances of a GPU."""

from probes.answers import Asker, flag, number, text
from probes.driver import Device
from probes.gpu import Flag, MigInstance


class Mig:
    """A part of a GPU's answers."""

    asker: Asker
    device: Device

    def mig_modes(self) -> tuple[Flag, Flag]:
        current, pending = self.asker.sequence("nvmlDeviceGetMigMode") or (None, None)
        return flag(current), flag(pending)

    def mig_instances(self) -> tuple[MigInstance, ...]:
        askers = (Asker(device, self.asker.failures) for device in self.device.mig_devices())
        return tuple(instance for asker in askers if (instance := _mig_instance(asker)))


def _mig_instance(nvml: Asker) -> MigInstance | None:
    """None if it does not tell which it is, as one that was just destroyed: it could be taken for another."""
    gpu_instance_id = nvml.ask("nvmlDeviceGetGpuInstanceId")
    compute_instance_id = nvml.ask("nvmlDeviceGetComputeInstanceId")
    if not isinstance(gpu_instance_id, int) or not isinstance(compute_instance_id, int):
        nvml.failures.append(("nvmlDeviceGetGpuInstanceId", "instance_without_id"))
        return None
    memory = nvml.structure("nvmlDeviceGetMemoryInfo_v2")
    return MigInstance(
        uuid=text(nvml.ask("nvmlDeviceGetUUID")),
        gpu_instance_id=gpu_instance_id,
        compute_instance_id=compute_instance_id,
        # "NVIDIA H100 80GB HBM3 MIG 1g.10gb": the driver names the profile only there.
        profile=text(nvml.ask("nvmlDeviceGetName")).rpartition(" MIG ")[2],
        multiprocessors=number(
            nvml.structure("nvmlDeviceGetAttributes_v2").get("multiprocessorCount")
        ),
        memory_total=number(memory.get("total")),
        memory_used=number(memory.get("used")),
    )
