"""The right answers of the exact arithmetic tests, computed by Python's whole numbers: a twin of kernels/{scalar,tensor}*.cu."""

import struct
from collections.abc import Callable, Iterable, Mapping
from functools import cache, reduce
from operator import xor
from types import MappingProxyType
from typing import Final

WARPS: Final = 8
_LANES: Final = 32
_STEPS: Final = 128
_TENSOR_STEPS: Final = 4
_U32: Final = 0xFFFFFFFF
_U64: Final = 0xFFFFFFFFFFFFFFFF

Digests = tuple[int, ...]
"""One per warp of a block."""


def mix(x: int) -> int:
    """A hash of 32 bits."""
    x &= _U32
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & _U32
    x = ((x ^ (x >> 15)) * 0x846CA68B) & _U32
    return x ^ (x >> 16)


def fold(digest: int, bits: int) -> int:
    """One more word in a digest: each of its bits counts."""
    return ((digest ^ bits) * 0x9E3779B97F4A7C15) & _U64


def _digests(of_lane: Callable[[int, int], Iterable[int]]) -> Digests:
    """Digests of what each lane of each warp has found."""
    return tuple(
        reduce(
            xor,
            (fold(reduce(fold, of_lane(warp, lane), 0), lane) for lane in range(_LANES)),
        )
        for warp in range(WARPS)
    )


def _next(x: int) -> int:
    return (x * 1664525 + 1013904223) & _U32


def integer(seed: int) -> Digests:
    """32-bit and 64-bit products, upper halves, counted and reversed bits."""

    def lane_of(warp: int, lane: int) -> Iterable[int]:
        x = mix(seed + warp * _LANES + lane)
        total = x
        for step in range(_STEPS):
            x = _next(x)
            total = (
                total * 6364136223846793005
                + ((x * 1664525) >> 32)
                + (x.bit_count() << (step % 8))
                + int(f"{x >> 3:032b}"[::-1], 2)
            ) & _U64
            total ^= total >> 29
        return (total,)

    return _digests(lane_of)


def _whole_sum(seed: int, warp: int, lane: int, constant: int, bits: int) -> int:
    x = mix(seed + warp * _LANES + lane)
    total = 0
    for _ in range(_STEPS):
        x = _next(x)
        total += constant * ((x >> (32 - bits)) - (1 << (bits - 1)))
    return total


def fp32(seed: int) -> Digests:
    """Sums of products below 2^24."""
    return _digests(lambda warp, lane: (_float(_whole_sum(seed, warp, lane, 181, 8)),))


def fp64(seed: int) -> Digests:
    """Sums of products below 2^53."""
    return _digests(lambda warp, lane: (_double(_whole_sum(seed, warp, lane, 1594323, 24)),))


def _float(value: int) -> int:
    return int.from_bytes(struct.pack("<f", value), "little")


def _double(value: int) -> int:
    return int.from_bytes(struct.pack("<d", value), "little")


def _product(seed: int, warp: int, rows: int, inner: int, columns: int) -> list[list[int]]:
    """The sum of the products of this warp's matrices."""
    total = [[0] * columns for _ in range(rows)]
    for step in range(_TENSOR_STEPS):
        begin = (step * WARPS + warp) * 2

        def whole(matrix: int, row: int, column: int, begin: int = begin) -> int:
            return (mix(seed + ((begin + matrix) * 16 + row) * 16 + column) >> 28) - 8

        left = [[whole(0, row, k) for k in range(inner)] for row in range(rows)]
        right = [[whole(1, k, column) for k in range(inner)] for column in range(columns)]
        for row, values in enumerate(left):
            for column, others in enumerate(right):
                total[row][column] += sum(map(int.__mul__, values, others))
    return total


def _tensor(seed: int, shape: tuple[int, int, int], encode: Callable[[int], int]) -> Digests:
    """A lane holds two neighbours of row `lane / 4`, and of row `lane / 4 + 8` if there are 16 rows."""
    products = [_product(seed, warp, *shape) for warp in range(WARPS)]

    def lane_of(warp: int, lane: int) -> Iterable[int]:
        for row in range(lane // 4, shape[0], 8):
            for column in (lane % 4 * 2, lane % 4 * 2 + 1):
                yield encode(products[warp][row][column])

    return _digests(lane_of)


@cache
def tensor_float16(seed: int) -> Digests:
    """16x8 by 8x8, summed in FP32: FP16 and BF16 operands are the same whole numbers."""
    return _tensor(seed, (16, 8, 8), _float)


def tensor_tf32(seed: int) -> Digests:
    """16x4 by 4x8."""
    return _tensor(seed, (16, 4, 8), _float)


def tensor_fp64(seed: int) -> Digests:
    """8x4 by 4x8."""
    return _tensor(seed, (8, 4, 8), _double)


def tensor_int8(seed: int) -> Digests:
    """8x16 by 16x8."""
    return _tensor(seed, (8, 16, 8), lambda value: value & _U32)


EXPECTED: Final[Mapping[str, Callable[[int], Digests]]] = MappingProxyType(
    {
        "integer": integer,
        "fp32": fp32,
        "fp64": fp64,
        "tensor_fp16": tensor_float16,
        "tensor_int8": tensor_int8,
        "tensor_bf16": tensor_float16,
        "tensor_tf32": tensor_tf32,
        "tensor_fp64": tensor_fp64,
    }
)
"""Kernel -> its answer for a seed. Kernels that are not here have no known answer: SMs are compared."""
