"""Compiles the kernels to PTX through NVRTC. For `gpuvitals generate` only: the PTX is committed, so nobody else needs a compiler."""

import ctypes
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from catalog.errors import ConfigError, GpuVitalsError

VERSION: Final = (12, 0)
"""Newer ones write PTX that driver 525 refuses."""

_LIBRARY: Final = "nvidia.cuda_nvrtc"
_KERNELS: Final = Path(__file__).parent / "kernels"
_HEADER: Final = "// DO NOT EDIT: `gpuvitals generate` compiles cuda_probes/kernels/{source}.\n"

ARCHITECTURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bandwidth": "compute_75",
        "clock": "compute_75",
        "pattern": "compute_75",
        "peer": "compute_75",
        "scalar": "compute_75",
        "tensor": "compute_75",
        "tensor_ampere": "compute_80",
    }
)
"""The oldest GPUs that each kernel file is for. PTX runs on those and on all newer ones."""


def ptx_of(name: str) -> str:
    """The PTX of one kernel file, as it is committed.

    Raises:
        ConfigError: NVRTC is not installed, or another version of it.
        GpuVitalsError: the source does not compile; the message is the compiler's.
    """
    source = _KERNELS / f"{name}.cu"
    headers = sorted(_KERNELS.glob("*.cuh"))
    compiled = _compile(_nvrtc(), source, headers, ARCHITECTURES[name])
    return _HEADER.format(source=source.name) + compiled


def _nvrtc() -> ctypes.CDLL:
    try:
        found = importlib.util.find_spec(_LIBRARY)
    except ModuleNotFoundError:
        found = None
    if found is None or not found.submodule_search_locations:
        raise ConfigError("NVRTC is not installed; pip install nvidia-cuda-nvrtc-cu12==12.0.140")
    library = ctypes.CDLL(f"{found.submodule_search_locations[0]}/lib/libnvrtc.so.12")
    major, minor = ctypes.c_int(), ctypes.c_int()
    library.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
    if (major.value, minor.value) != VERSION:
        raise ConfigError(
            f"NVRTC is {major.value}.{minor.value}; the kernels are built with 12.0: "
            "pip install nvidia-cuda-nvrtc-cu12==12.0.140"
        )
    return library


def _compile(nvrtc: ctypes.CDLL, source: Path, headers: list[Path], architecture: str) -> str:
    program = ctypes.c_void_p()
    texts = (ctypes.c_char_p * len(headers))(*(path.read_bytes() for path in headers))
    names = (ctypes.c_char_p * len(headers))(*(path.name.encode() for path in headers))
    options = (ctypes.c_char_p * 2)(f"-arch={architecture}".encode(), b"-std=c++17")
    nvrtc.nvrtcCreateProgram(
        ctypes.byref(program),
        source.read_bytes(),
        source.name.encode(),
        len(headers),
        texts,
        names,
    )
    try:
        if nvrtc.nvrtcCompileProgram(program, len(options), options):
            raise GpuVitalsError(f"{source.name}: {_text(nvrtc, 'ProgramLog', program)}")
        return _text(nvrtc, "PTX", program)
    finally:
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))


def _text(nvrtc: ctypes.CDLL, what: str, program: ctypes.c_void_p) -> str:
    size = ctypes.c_size_t()
    getattr(nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
    text = ctypes.create_string_buffer(size.value)
    getattr(nvrtc, f"nvrtcGet{what}")(program, text)
    return text.value.decode()
