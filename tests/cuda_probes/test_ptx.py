"""The PTX that is shipped."""

import re
from pathlib import Path

import pytest

from cuda_probes.nvrtc import ARCHITECTURES, ptx_of
from cuda_probes.ptx import ptx

KERNELS = Path(__file__).parents[2] / "cuda_probes" / "kernels"


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_is_what_the_source_gives(name: str) -> None:
    """NVRTC compiles the kernels to exactly the committed text."""
    assert ptx(name) == ptx_of(name).encode() + b"\0"


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_drivers_from_525_read_it(name: str) -> None:
    """ISA 8.0 is the newest that they know; https://docs.nvidia.com/cuda/parallel-thread-execution/#release-notes."""
    version = re.search(rb"^\.version (\d+)\.(\d+)$", ptx(name), re.MULTILINE)

    assert version is not None
    assert (int(version[1]), int(version[2])) <= (8, 0)


def test_every_kernel_file_is_compiled() -> None:
    """No kernel is left without its PTX."""
    assert {path.stem for path in KERNELS.glob("*.cu")} == set(ARCHITECTURES)
