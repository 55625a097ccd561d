"""The real driver: the only module that imports pynvml (nvidia-ml-py)."""

import contextlib
import ctypes
import time
from collections.abc import Callable, Sequence
from typing import Any

import pynvml

from catalog.errors import DriverError, DriverMissing
from probes.driver import FIELDS, GPM, Answer, Device, Return, ValueType

# The loader's own path first, then where the NVIDIA driver container mounts the driver.
LIBRARIES = (
    "libnvidia-ml.so.1",
    "/run/nvidia/driver/usr/lib64/libnvidia-ml.so.1",
    "/run/nvidia/driver/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1",
    "/run/nvidia/driver/usr/lib/aarch64-linux-gnu/libnvidia-ml.so.1",
)
_UNION = {
    ValueType.DOUBLE: "dVal",
    ValueType.UNSIGNED_INT: "uiVal",
    ValueType.UNSIGNED_LONG: "ulVal",
    ValueType.UNSIGNED_LONG_LONG: "ullVal",
    ValueType.SIGNED_LONG_LONG: "sllVal",
    ValueType.SIGNED_INT: "siVal",
    ValueType.UNSIGNED_SHORT: "usVal",
}
_EVENTS = (
    pynvml.nvmlEventTypeXidCriticalError
    | pynvml.nvmlEventTypeDoubleBitEccError
    | pynvml.nvmlEventTypeDramRetirementEvent
    | pynvml.nvmlEventTypeDramRetirementFailure
    | pynvml.nvmlEventTypeGpuUnavailableError
    | pynvml.nvmlEventTypeGpuRecoveryAction
)


def open_driver(library: str | None = None) -> "NvmlDriver":
    """Load NVML from *library*, or from where it usually is, and initialise it.

    Raises:
        DriverMissing: no library was found, or the driver is not loaded.
    """
    _load(library)
    try:
        pynvml.nvmlInitWithFlags(0)
    except pynvml.NVMLError as error:
        raise DriverMissing(error.value, f"NVML could not be initialised: {error}") from error
    return NvmlDriver()


def _load(library: str | None) -> None:
    candidates = (library,) if library else LIBRARIES
    for candidate in candidates:
        try:
            pynvml.nvmlLib = ctypes.CDLL(candidate)
        except OSError:
            continue
        return
    raise DriverMissing(
        Return.LIBRARY_NOT_FOUND,
        f"no NVIDIA driver library in {', '.join(candidates)}; install the driver or name the library with "
        "--nvml-library",
    )


class NvmlDriver:
    """NVML, initialised. Implements `probes.driver.Driver`."""

    name = "nvml"

    def __init__(self) -> None:
        self._events: Any = None
        self._indices: dict[int, int] = {}

    def devices(self) -> Sequence[Device]:
        count = _translated(pynvml.nvmlDeviceGetCount)
        devices = [device for index in range(count) if (device := _device(index))]
        self._register_events(devices)
        return devices

    def find(self, index: int, uuid: str) -> Device:
        if uuid:
            handle = _translated(pynvml.nvmlDeviceGetHandleByUUID, uuid)
        else:
            handle = _translated(pynvml.nvmlDeviceGetHandleByIndex, index)
        device = NvmlDevice(index, handle)
        self._register(device)
        return device

    def _register_events(self, devices: Sequence["NvmlDevice"]) -> None:
        self._events = _translated(pynvml.nvmlEventSetCreate)
        for device in devices:
            self._register(device)

    def _register(self, device: "NvmlDevice") -> None:
        self._indices[ctypes.cast(device.handle, ctypes.c_void_p).value or 0] = device.index
        # A GPU without events is still read.
        with contextlib.suppress(pynvml.NVMLError):
            supported = pynvml.nvmlDeviceGetSupportedEventTypes(device.handle)
            pynvml.nvmlDeviceRegisterEvents(device.handle, supported & _EVENTS, self._events)

    def ask(self, question: str) -> Answer:
        return _plain(_translated(getattr(pynvml, question)))

    def wait_event(self, timeout: float) -> tuple[int, int, int] | None:
        try:
            data = pynvml.nvmlEventSetWait_v2(self._events, int(timeout * 1000))
        except pynvml.NVMLError as error:
            if error.value == Return.TIMEOUT:
                return None
            raise DriverError(error.value, f"nvmlEventSetWait_v2: {error}") from error
        handle = ctypes.cast(data.device, ctypes.c_void_p).value or 0
        return self._indices.get(handle, -1), data.eventType, data.eventData

    def close(self) -> None:
        if self._events is not None:
            pynvml.nvmlEventSetFree(self._events)
        pynvml.nvmlShutdown()


def _device(index: int) -> "NvmlDevice | None":
    try:
        return NvmlDevice(index, pynvml.nvmlDeviceGetHandleByIndex(index))
    except pynvml.NVMLError:
        return None  # Lost, or not ours to see: the others are still read.


class NvmlDevice:
    """One GPU or MIG instance. Implements `probes.driver.Device`."""

    def __init__(self, index: int, handle: Any) -> None:
        self.index = index
        self.handle = handle
        self._questions: dict[str, Callable[..., Any]] = {
            FIELDS: self._field_values,
            GPM: _GpmSampler(handle).average,
            "nvmlDeviceGetMemoryInfo_v2": self._memory,
            "nvmlDeviceGetGpuFabricInfoV": self._fabric,
            "nvmlDeviceGetSramEccErrorStatus": self._sram,
        }

    def ask(self, question: str, *args: int) -> Answer:
        special = self._questions.get(question)
        if special:
            return _plain(_translated(special, *args))
        function = getattr(pynvml, question, None)
        if function is None:
            raise DriverError(Return.FUNCTION_NOT_FOUND, f"{question}: unknown to nvidia-ml-py")
        return _plain(_translated(function, self.handle, *args))

    def mig_devices(self) -> Sequence[Device]:
        devices = []
        for index in range(_translated(pynvml.nvmlDeviceGetMaxMigDeviceCount, self.handle)):
            try:
                handle = pynvml.nvmlDeviceGetMigDeviceHandleByIndex(self.handle, index)
            except pynvml.NVMLError:
                continue  # A slot without an instance.
            devices.append(NvmlDevice(self.index, handle))
        return devices

    def _field_values(self, *args: int) -> list[list[Answer]]:
        pairs = list(zip(args[::2], args[1::2], strict=True))
        values = pynvml.nvmlDeviceGetFieldValues(self.handle, pairs)
        return [[value.nvmlReturn, value.valueType, _member(value)] for value in values]

    def _memory(self) -> Any:
        return pynvml.nvmlDeviceGetMemoryInfo(self.handle, pynvml.nvmlMemory_v2)

    def _fabric(self) -> Any:
        info = pynvml.c_nvmlGpuFabricInfo_v3_t()
        pynvml.nvmlDeviceGetGpuFabricInfoV(self.handle, ctypes.byref(info))
        return info

    def _sram(self) -> Any:
        status = pynvml.c_nvmlEccSramErrorStatus_v1_t()
        pynvml.nvmlDeviceGetSramEccErrorStatus(self.handle, ctypes.byref(status))
        return status


class _GpmSampler:
    """Averages GPM metrics between one call and the next."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._sample: Any = None
        self._at = 0.0
        self._request = pynvml.c_nvmlGpmMetricsGet_t()
        self._request.version = pynvml.NVML_GPM_METRICS_GET_VERSION

    def average(self, *metrics: int) -> dict[str, Any]:
        if not pynvml.nvmlGpmQueryDeviceSupport(self._handle).isSupportedDevice:
            raise pynvml.NVMLError(Return.NOT_SUPPORTED)
        before, since = self._sample, self._at
        self._sample = self._taken()
        self._at = time.monotonic()
        if before is None:
            raise pynvml.NVMLError(Return.NOT_READY)
        try:
            return {"seconds": self._at - since, "values": self._compare(before, metrics)}
        finally:
            pynvml.nvmlGpmSampleFree(before)

    def _taken(self) -> Any:
        sample = pynvml.nvmlGpmSampleAlloc()
        try:
            return pynvml.nvmlGpmSampleGet(self._handle, sample)
        except pynvml.NVMLError:
            pynvml.nvmlGpmSampleFree(sample)
            raise

    def _compare(self, before: Any, metrics: Sequence[int]) -> list[list[float]]:
        request = self._request
        request.numMetrics = len(metrics)
        request.sample1, request.sample2 = before, self._sample
        for place, metric in enumerate(metrics):
            request.metrics[place].metricId = metric
        pynvml.nvmlGpmMetricsGet(request)
        answers = request.metrics[: len(metrics)]
        return [[answer.nvmlReturn, answer.value] for answer in answers]


def _translated(function: Callable[..., Any], *args: Any) -> Any:
    try:
        return function(*args)
    except pynvml.NVMLError as error:
        raise DriverError(error.value, str(error)) from error


def _member(value: Any) -> Answer:
    try:
        member: Answer = getattr(value.value, _UNION[ValueType(value.valueType)])
    except ValueError:
        return None
    return member


def _plain(answer: Any) -> Answer:
    """Numbers, texts, lists and structures, free of ctypes."""
    if isinstance(answer, ctypes.Structure):
        return {name: _plain(getattr(answer, name)) for name, *_ in answer._fields_}
    if isinstance(answer, (list, tuple, ctypes.Array)):
        return [_plain(part) for part in answer]
    if isinstance(answer, bytes):
        return answer.decode(errors="replace")
    if isinstance(answer, dict) or not hasattr(answer, "__dict__"):
        return answer  # type: ignore[no-any-return] # int, float, str, None or our own dict
    return {name: _plain(part) for name, part in vars(answer).items()}
