"""Everything that GPU Vitals raises on purpose.

GpuVitalsError
├── ConfigError         the operator can fix it; shown as one line, without a traceback
├── CatalogError        a bug of ours
├── DriverError         NVML answered with an error code
│   └── DriverMissing   there is no driver, or none that can be talked to yet
├── CollectorError      reading failed; the failure is counted and the rest goes on
│   └── GpuLost         this GPU is gone; its other collectors are skipped
├── ProbeError          a probe has no answer; the run's reason says why
├── HistoryError        a question to the history that it cannot answer
└── SinkError           a push failed; counted, retried by the sink
"""

from catalog.probe import Reason


class GpuVitalsError(Exception):
    """The root: catch it where a user reads the message."""


class ConfigError(GpuVitalsError):
    """The operator can fix it; the message says what, where and how."""


class CatalogError(GpuVitalsError):
    """The vocabulary was used wrongly: a bug of ours."""


class DriverError(GpuVitalsError):
    """NVML answered with an error code.

    Attributes:
        code: the value of `nvmlReturn_t` (nvml.h), see `probes.driver.Return`.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class DriverMissing(DriverError):
    """There is no driver to talk to: no library, or it cannot be initialised."""


class CollectorError(GpuVitalsError):
    """Reading one thing of one GPU failed; everything else goes on."""


class GpuLost(CollectorError):
    """The GPU has fallen off the bus; nothing more can be asked of it."""


class ProbeError(GpuVitalsError):
    """A probe has no answer.

    Attributes:
        reason: why, in the words of the run's result.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class HistoryError(GpuVitalsError):
    """A question to the history that it cannot answer, with the reason."""


class SinkError(GpuVitalsError):
    """A push failed; it is counted and tried again.

    Attributes:
        reason: why, in a word that is counted by.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
