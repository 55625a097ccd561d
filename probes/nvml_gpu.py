"""Gives NVML's answers their meaning: units become SI, unsupported becomes None, blanks become NaN.

The answers may come from the real driver, a recording or the simulator; see `probes.driver`.
"""

from collections.abc import Mapping, Sequence
from typing import cast

from catalog.metrics import modes
from catalog.snapshot import Identity, unnamed
from probes.answers import Asker, choice, flag, number, text
from probes.decoding.board import Board
from probes.decoding.links import Links
from probes.decoding.memory_errors import MemoryErrors
from probes.decoding.mig import Mig
from probes.decoding.units import MEBI, PERCENT
from probes.driver import GPM, Answer, Device, Gpm, Return, System
from probes.gpu import Flag, Info, Memory, Number, Process, Profile, Utilization

_UNCOUNTED = 2**64 - 1  # usedGpuMemory of a process where the driver does not account memory

# nvmlDeviceArchitecture_t
_ARCHITECTURES = {
    2: "Kepler",
    3: "Maxwell",
    4: "Pascal",
    5: "Volta",
    6: "Turing",
    7: "Ampere",
    8: "Ada",
    9: "Hopper",
    10: "Blackwell",
}
_GPM = (
    Gpm.SM_UTIL,
    Gpm.SM_OCCUPANCY,
    Gpm.ANY_TENSOR_UTIL,
    Gpm.DRAM_BW_UTIL,
    Gpm.FP64_UTIL,
    Gpm.FP32_UTIL,
    Gpm.FP16_UTIL,
    Gpm.PCIE_RX_PER_SEC,
    Gpm.PCIE_TX_PER_SEC,
)


class NvmlGpu(Board, MemoryErrors, Links, Mig):
    """One GPU whose answers come from *device*; implements `probes.gpu.Gpu`.

    Its parts, subject by subject, are those of `probes.decoding`.

    Attributes:
        device: the GPU.
        asker: keeps the errors of the driver for whoever reads the GPU.
    """

    def __init__(self, system: System, device: Device, node: str = "") -> None:
        self._system = system
        self.device = device
        self.asker = Asker(device)
        self.identity = self._identify(node)

    def _identify(self, node: str) -> Identity:
        memory = self.asker.structure("nvmlDeviceGetMemoryInfo_v2")
        return Identity(
            uuid=text(self.asker.insist("nvmlDeviceGetUUID")) or unnamed(self.device.index),
            index=self.device.index,
            model=text(self.asker.ask("nvmlDeviceGetName")),
            pci_bus_id=text(self.asker.structure("nvmlDeviceGetPciInfo_v3").get("busId")),
            node=node,
            memory_bytes=number(memory.get("total")),
        )

    # -- what it is --------------------------------------------------------------------------------------------------

    def info(self) -> Info:
        major_minor = self.asker.sequence("nvmlDeviceGetCudaComputeCapability")
        cuda = self.asker.answered(
            "cuda", lambda: self._system.ask("nvmlSystemGetCudaDriverVersion")
        )
        return Info(
            architecture=_ARCHITECTURES.get(
                cast(int, self.asker.ask("nvmlDeviceGetArchitecture")), "unknown"
            ),
            compute_capability=".".join(str(part) for part in major_minor),
            serial=text(self.asker.ask("nvmlDeviceGetSerial")),
            board_part_number=text(self.asker.ask("nvmlDeviceGetBoardPartNumber")),
            vbios=text(self.asker.ask("nvmlDeviceGetVbiosVersion")),
            driver=text(
                self.asker.answered(
                    "driver", lambda: self._system.ask("nvmlSystemGetDriverVersion")
                )
            ),
            cuda_driver=f"{cuda // 1000}.{cuda % 1000 // 10}" if isinstance(cuda, int) else "",
            minor=text(self.asker.ask("nvmlDeviceGetMinorNumber")),
        )

    def compute_mode(self) -> str | None:
        return choice(self.asker.ask("nvmlDeviceGetComputeMode"), modes.COMPUTE_MODES)

    def persistence(self) -> Flag:
        return self.asker.flag("nvmlDeviceGetPersistenceMode")

    def confidential_compute(self) -> Flag:
        question = "nvmlSystemGetConfComputeState"
        state = self.asker.answered(question, lambda: self._system.ask(question))
        return flag(state.get("ccFeature")) if isinstance(state, Mapping) else None

    def fabric_state(self) -> str | None:
        return choice(
            self.asker.structure("nvmlDeviceGetGpuFabricInfoV").get("state"), modes.FABRIC_STATES
        )

    # -- load --------------------------------------------------------------------------------------------------------

    def utilization(self) -> Utilization:
        rates = self.asker.structure("nvmlDeviceGetUtilizationRates")
        return Utilization(
            gpu=number(rates.get("gpu"), parts=PERCENT),
            memory=number(rates.get("memory"), parts=PERCENT),
            encoder=self._engine("nvmlDeviceGetEncoderUtilization"),
            decoder=self._engine("nvmlDeviceGetDecoderUtilization"),
            jpeg=self._engine("nvmlDeviceGetJpgUtilization"),
            ofa=self._engine("nvmlDeviceGetOfaUtilization"),
        )

    def _engine(self, question: str) -> Number:
        answer = self.asker.sequence(question)  # percent, sample period
        return number(answer[0], parts=PERCENT) if answer else None

    def memory(self) -> Memory:
        memory = self.asker.structure("nvmlDeviceGetMemoryInfo_v2")
        return Memory(
            total=number(memory.get("total")),
            used=number(memory.get("used")),
            reserved=number(memory.get("reserved")),
            free=number(memory.get("free")),
        )

    def bar1(self) -> tuple[Number, Number]:
        bar1 = self.asker.structure("nvmlDeviceGetBAR1MemoryInfo")
        return number(bar1.get("bar1Total")), number(bar1.get("bar1Used"))

    def compute_processes(self) -> tuple[Process, ...] | None:
        return self._processes("nvmlDeviceGetComputeRunningProcesses_v3")

    def mps_processes(self) -> tuple[Process, ...] | None:
        return self._processes("nvmlDeviceGetMPSComputeRunningProcesses_v3")

    def graphics_processes(self) -> tuple[Process, ...] | None:
        return self._processes("nvmlDeviceGetGraphicsRunningProcesses_v3")

    def _processes(self, question: str) -> tuple[Process, ...] | None:
        answer = self.asker.ask(question)
        if answer is None:
            return None
        return tuple(
            Process(
                pid=cast(int, process["pid"]),
                memory_bytes=None
                if process["usedGpuMemory"] in (None, _UNCOUNTED)
                else number(process["usedGpuMemory"]),
            )
            for process in cast(Sequence[Mapping[str, Answer]], answer)
        )

    def profile(self) -> Profile | None:
        answer = self.asker.ask(GPM, *_GPM)
        if not isinstance(answer, Mapping):
            return None
        values = cast(Sequence[tuple[int, float]], answer["values"])
        ratios = [
            number(value, parts=PERCENT) if code == Return.SUCCESS else None
            for code, value in values[:-2]
        ]
        rates = [
            number(value, times=MEBI) if code == Return.SUCCESS else None
            for code, value in values[-2:]
        ]
        return Profile(cast(float, answer["seconds"]), *ratios, *rates)
