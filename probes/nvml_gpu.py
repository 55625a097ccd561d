"""Gives NVML's answers their meaning: units become SI, unsupported becomes None, blanks become NaN.

The answers may come from the real driver, a recording or the simulator; see `probes.driver`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from catalog.metrics import clocks, ecc, modes, nvlink, power, temperature
from catalog.snapshot import Identity, unnamed
from probes.answers import INTEGERS, Asker, choice, flag, is_blank, number, text
from probes.driver import ALL_LINKS, GPM, Answer, Device, Field, Gpm, Return, System
from probes.gpu import (
    Ecc,
    Flag,
    Info,
    Link,
    Memory,
    MigInstance,
    Number,
    NvLink,
    PcieErrors,
    Power,
    Process,
    Profile,
    RemappedRows,
    Utilization,
)

# Parts of our unit that the driver counts in; a division gives 0.57 where a product with 0.01 gives 0.5700000000000001.
MILLI = 1e3
NANO = 1e9
PERCENT = 1e2
# Multiples of our unit.
KIBI = 1024.0
MEBI = 1024.0**2
MEGA = 1e6

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
# nvmlClocksEventReason*: the position of each bit is its place in `clocks.REASONS`.
_REASON_BITS = tuple((1 << bit, reason) for bit, reason in enumerate(clocks.REASONS))
# The driver's own nanosecond counters; a field answered as a double there is not one (driver 580 answers 0.0).
_REASON_FIELDS = {
    "sw_power_cap": Field.PERF_POLICY_POWER,
    "sync_boost": Field.PERF_POLICY_SYNC_BOOST,
    "sw_thermal_slowdown": Field.CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN,
    "hw_thermal_slowdown": Field.CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN,
    "hw_power_brake_slowdown": Field.CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN,
}
_ECC_LOCATIONS = {"dram": 2, "sram": 7}  # nvmlMemoryLocation_t
_MAX_LINKS = 18
_LINK_ERRORS = {
    "crc": Field.NVLINK_ERROR_DL_CRC,
    "replay": Field.NVLINK_ERROR_DL_REPLAY,
    "recovery": Field.NVLINK_ERROR_DL_RECOVERY,
}
# Before Hopper: one sum over the links each.
_TOTAL_ERRORS = {
    "crc": Field.NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL,
    "replay": Field.NVLINK_REPLAY_ERROR_COUNT_TOTAL,
    "recovery": Field.NVLINK_RECOVERY_ERROR_COUNT_TOTAL,
    "ecc": Field.NVLINK_ECC_DATA_ERROR_COUNT_TOTAL,
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


class NvmlGpu:
    """One GPU whose answers come from *device*; implements `probes.gpu.Gpu`.

    Attributes:
        asker: keeps the errors of the driver for whoever reads the GPU.
    """

    def __init__(self, system: System, device: Device, node: str = "") -> None:
        self._system = system
        self._device = device
        self.asker = Asker(device)
        self.identity = self._identify(node)

    def _identify(self, node: str) -> Identity:
        memory = self.asker.structure("nvmlDeviceGetMemoryInfo_v2")
        return Identity(
            uuid=text(self.asker.insist("nvmlDeviceGetUUID")) or unnamed(self._device.index),
            index=self._device.index,
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

    # -- power, heat, clocks -----------------------------------------------------------------------------------------

    def power(self) -> Power:
        (average,) = self.asker.fields((Field.POWER_AVERAGE, 0), types=INTEGERS)
        return Power(
            now=self.asker.number("nvmlDeviceGetPowerUsage", parts=MILLI),
            average=None if average is None else average / MILLI,
        )

    def power_limits(self) -> Mapping[str, Number]:
        constraints = self.asker.sequence("nvmlDeviceGetPowerManagementLimitConstraints") or (
            None,
            None,
        )
        enforced = self.asker.number("nvmlDeviceGetEnforcedPowerLimit", parts=MILLI)
        default = self.asker.number("nvmlDeviceGetPowerManagementDefaultLimit", parts=MILLI)
        limits = (enforced, default, *(number(limit, parts=MILLI) for limit in constraints))
        return dict(zip(power.LIMITS, limits, strict=True))

    def energy_joules(self) -> Number:
        return self.asker.number("nvmlDeviceGetTotalEnergyConsumption", parts=MILLI)

    def temperatures(self) -> Mapping[str, Number]:
        (memory,) = self.asker.fields((Field.MEMORY_TEMP, 0), types=INTEGERS)
        # 0 is what boards without a sensor for their memory answer.
        return {
            "gpu": self.asker.number("nvmlDeviceGetTemperature", 0),
            "memory": memory or None,
        }

    def temperature_margin(self) -> Number:
        return self.asker.number("nvmlDeviceGetMarginTemperature")

    def temperature_thresholds(self) -> Mapping[str, Number]:
        return {
            name: self.asker.number("nvmlDeviceGetTemperatureThreshold", kind)
            for kind, name in enumerate(temperature.THRESHOLDS)
        }

    def fans(self) -> tuple[Number, ...]:
        count = self.asker.ask("nvmlDeviceGetNumFans")
        fans = range(count) if isinstance(count, int) and not is_blank(count) else ()
        return tuple(
            self.asker.number("nvmlDeviceGetFanSpeed_v2", fan, parts=PERCENT) for fan in fans
        )

    def clocks(self) -> Mapping[str, Number]:
        return self._clocks("nvmlDeviceGetClockInfo")

    def max_clocks(self) -> Mapping[str, Number]:
        return self._clocks("nvmlDeviceGetMaxClockInfo")

    def _clocks(self, question: str) -> Mapping[str, Number]:
        return {
            name: self.asker.number(question, kind, times=MEGA)
            for kind, name in enumerate(clocks.CLOCKS)
        }

    def performance_state(self) -> Number:
        return self.asker.number("nvmlDeviceGetPerformanceState")

    def clock_events(self) -> frozenset[str] | None:
        bits = self.asker.ask("nvmlDeviceGetCurrentClocksEventReasons")
        if not isinstance(bits, int) or is_blank(bits):
            return None
        return frozenset(reason for bit, reason in _REASON_BITS if bits & bit)

    def clock_event_seconds(self) -> Mapping[str, Number]:
        values = self.asker.fields(
            *((field, 0) for field in _REASON_FIELDS.values()), types=INTEGERS
        )
        return {
            reason: None if value is None else value / NANO
            for reason, value in zip(_REASON_FIELDS, values, strict=True)
        }

    # -- memory errors -----------------------------------------------------------------------------------------------

    def ecc(self) -> Ecc:
        current, pending = self.asker.sequence("nvmlDeviceGetEccMode") or (None, None)
        return Ecc(flag(current), flag(pending))

    def ecc_errors(self, *, lifetime: bool) -> Mapping[tuple[str, str], Number]:
        return {
            (kind, location): self.asker.number(
                "nvmlDeviceGetMemoryErrorCounter", code, int(lifetime), where
            )
            for code, kind in enumerate(ecc.TYPES)
            for location, where in _ECC_LOCATIONS.items()
        }

    def sram_threshold_exceeded(self) -> Flag:
        return flag(
            self.asker.structure("nvmlDeviceGetSramEccErrorStatus").get("bThresholdExceeded")
        )

    def remapped_rows(self) -> RemappedRows:
        answer = self.asker.sequence("nvmlDeviceGetRemappedRows") or (None,) * 4
        corrected, uncorrected, pending, failure = answer
        return RemappedRows(number(corrected), number(uncorrected), flag(pending), flag(failure))

    def remap_banks(self) -> Mapping[str, Number]:
        histogram = self.asker.structure("nvmlDeviceGetRowRemapperHistogram")
        return {name: number(histogram.get(name)) for name in ecc.AVAILABILITIES}

    def retired_pages(self) -> Mapping[str, Number]:
        pages = (
            self.asker.ask("nvmlDeviceGetRetiredPages", cause) for cause in range(len(ecc.TYPES))
        )
        return {
            kind: None if addresses is None else float(len(cast(Sequence[int], addresses)))
            for kind, addresses in zip(ecc.TYPES, pages, strict=True)
        }

    def page_retirement_pending(self) -> Flag:
        return self.asker.flag("nvmlDeviceGetRetiredPagesPendingStatus")

    def repairs_pending(self) -> Mapping[str, Flag]:
        answer = self.asker.sequence("nvmlDeviceGetRepairStatus") or (None, None)
        return {unit: flag(value) for unit, value in zip(ecc.REPAIRS, answer, strict=True)}

    def memory_unrepairable(self) -> Flag:
        return self.asker.flag("nvmlDeviceGetUnrepairableMemoryFlag_v1")

    def recovery_action(self) -> str | None:
        (value,) = self.asker.fields((Field.GET_GPU_RECOVERY_ACTION, 0), types=INTEGERS)
        if value is None or math.isnan(value):
            return None
        return choice(int(value), ecc.ACTIONS)

    # -- links -------------------------------------------------------------------------------------------------------

    def pcie_link(self) -> Link:
        return Link(
            generation=self.asker.number("nvmlDeviceGetCurrPcieLinkGeneration"),
            width=self.asker.number("nvmlDeviceGetCurrPcieLinkWidth"),
            max_generation=self.asker.number("nvmlDeviceGetMaxPcieLinkGeneration"),
            max_width=self.asker.number("nvmlDeviceGetMaxPcieLinkWidth"),
        )

    def pcie_errors(self) -> PcieErrors:
        counts = self.asker.fields(
            (Field.PCIE_COUNT_CORRECTABLE_ERRORS, 0),
            (Field.PCIE_COUNT_NON_FATAL_ERROR, 0),
            (Field.PCIE_COUNT_FATAL_ERROR, 0),
            (Field.PCIE_COUNT_BAD_TLP, 0),
            types=INTEGERS,
        )
        return PcieErrors(self.asker.number("nvmlDeviceGetPcieReplayCounter"), *counts)

    def nvlink_states(self) -> tuple[bool, ...]:
        states: list[bool] = []
        for link in range(_MAX_LINKS):
            answer = self.asker.ask("nvmlDeviceGetNvLinkState", link)
            if answer is None:
                break
            states.append(bool(answer))
        return tuple(states)

    def nvlink(self, link: int | None = None) -> NvLink:
        scope = ALL_LINKS if link is None else link
        received, sent = self.asker.fields(
            (Field.NVLINK_THROUGHPUT_DATA_RX, scope),
            (Field.NVLINK_THROUGHPUT_DATA_TX, scope),
            types=INTEGERS,
        )
        return NvLink(
            receive_bytes=None if received is None else received * KIBI,
            transmit_bytes=None if sent is None else sent * KIBI,
            errors=self._total_errors() if link is None else self._link_errors(link),
        )

    def _link_errors(self, link: int) -> Mapping[str, float]:
        wanted = ((field, link) for field in _LINK_ERRORS.values())
        return _told(_LINK_ERRORS, self.asker.fields(*wanted, types=INTEGERS))

    def _total_errors(self) -> Mapping[str, float]:
        wanted = ((field, 0) for field in _TOTAL_ERRORS.values())
        totals = _told(_TOTAL_ERRORS, self.asker.fields(*wanted, types=INTEGERS))
        if totals:
            return totals
        links = [self._link_errors(link) for link in range(len(self.nvlink_states()))]
        return {
            kind: sum(errors[kind] for errors in links if kind in errors)
            for kind in nvlink.ERROR_KINDS
            if any(kind in errors for errors in links)
        }

    # -- MIG ---------------------------------------------------------------------------------------------------------

    def mig_modes(self) -> tuple[Flag, Flag]:
        current, pending = self.asker.sequence("nvmlDeviceGetMigMode") or (None, None)
        return flag(current), flag(pending)

    def mig_instances(self) -> tuple[MigInstance, ...]:
        askers = (Asker(device, self.asker.failures) for device in self._device.mig_devices())
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


def _told(names: Iterable[str], values: Iterable[Number]) -> Mapping[str, float]:
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}
