"""The only file that loads PyCUDA, which is CUDA's driver to us, and what its errors mean. A GPU of it is `cuda_probes.gpu`.

PyCUDA tells errors by text alone, so the driver is asked for the text of each code that matters (`cuGetErrorString`).
"""

import ctypes
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, cast

from catalog.errors import ProbeError
from catalog.probe import Reason
from cuda_probes.cuda_errors import CODES, reason_of

Stream = Any
"""A queue of work on a GPU; None is the default one."""


class Cuda(Protocol):
    """What is used of `pycuda.driver`; tests hand in another."""

    Error: type[Exception]
    ctx_flags: Any
    device_attribute: Any
    Device: Any
    Event: Any
    Stream: Any
    Context: Any
    memcpy_peer_async: Any

    def init(self) -> None: ...
    def get_driver_version(self) -> int: ...
    def mem_get_info(self) -> tuple[int, int]: ...
    def mem_alloc(self, size: int) -> Any: ...
    def pagelocked_empty(self, size: int, dtype: str) -> Any: ...
    def module_from_buffer(self, buffer: bytes) -> Any: ...
    def memcpy_htod(self, to: int, source: Any) -> None: ...
    def memcpy_dtoh(self, to: Any, source: int) -> None: ...
    def memcpy_htod_async(self, to: int, source: Any, stream: Stream) -> None: ...
    def memcpy_dtoh_async(self, to: Any, source: int, stream: Stream) -> None: ...
    def memcpy_dtod_async(self, to: int, source: int, size: int, stream: Stream) -> None: ...


@dataclass(frozen=True, slots=True)
class Library:
    """CUDA's driver, loaded and initialised.

    Attributes:
        codes: text of an error -> its code.
    """

    cuda: Cuda
    codes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @contextmanager
    def translated(self, *, in_context: bool) -> Iterator[None]:
        """Raise what the driver's errors mean instead of them."""
        try:
            yield
        except self.cuda.Error as error:
            raise self._explained(str(error), in_context=in_context) from error

    def _explained(self, said: str, *, in_context: bool) -> ProbeError:
        text = said.partition(" failed: ")[2]
        known = [known for known in self.codes if text.startswith(known)]
        code = self.codes[max(known, key=len)] if known else None
        reason = reason_of(code, in_context=in_context)
        return ProbeError(reason, said if code is None else f"{said} (CUDA error {code})")


def load() -> Cuda:
    """PyCUDA's driver module.

    Raises:
        ProbeError: PyCUDA or the driver's library is not there.
    """
    try:
        import pycuda.driver  # noqa: PLC0415 - where it is missing, that is an answer
    except ModuleNotFoundError as error:
        raise ProbeError(
            Reason.NO_PYCUDA,
            f"{error}; install the extra: pip install 'gpuvitals[cuda]' (source only, so "
            "tools/build_pycuda_wheel.sh builds a wheel without CUDA)",
        ) from error
    except ImportError as error:
        if "libcuda" in str(error):
            raise ProbeError(Reason.NO_DRIVER, f"the CUDA driver is missing: {error}") from error
        raise ProbeError(Reason.NO_PYCUDA, f"PyCUDA cannot be loaded: {error}") from error
    return cast("Cuda", pycuda.driver)


def initialised(cuda: Cuda, text_of: Callable[[int], str | None]) -> Library:
    """The library, ready to open GPUs.

    Args:
        cuda: `pycuda.driver`.
        text_of: the driver's text for an error code.
    """
    library = Library(cuda, {text: code for code in CODES if (text := text_of(code))})
    with library.translated(in_context=False):
        cuda.init()
    return library


def driver_text(code: int) -> str | None:
    """What the driver calls an error; works before it is initialised."""
    text = ctypes.c_char_p()
    ctypes.CDLL("libcuda.so.1").cuGetErrorString(code, ctypes.byref(text))
    return text.value.decode() if text.value else None
