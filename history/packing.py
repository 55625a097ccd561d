"""Many float64 of one series in few bytes, bit for bit: the codec of `history.blocks`.

1. Values that are multiples of 1, 0.01, 0.001... become those multiples; others their 64 bits, as integers.
2. The integers, or their differences if that is shorter, are counted from the smallest.
3. Byte 0 of all of them, then byte 1 and so on, each plane deflated by itself: noise stays as it is.

Layout, little-endian: header (scale, whether differences, bytes per integer, count, first, smallest), planes.
"""

import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

_HEADER = struct.Struct("<BBBIqq")
_SCALES = (0, 1, 100, 1_000, 1_000_000, 1_000_000_000)  # 0: the bits themselves
_EXACT = 2.0**53
_PROBE = 16
_PLAIN, _DIFFERENCES = 0, 1
_WIDEST = 8
_WINDOW, _MEMORY = 12, 5
"""32 KB to deflate with: zlib's own 268 KB make nothing of ours smaller, and to clear them takes longer than an hour's values."""

if sys.byteorder == "big":
    raise ImportError("history.packing needs a little-endian machine")


def pack(values: "array[float]") -> bytes:
    """*values* in the fewest bytes that this codec can do."""
    scale, integers = _integers(values)
    plain = _encode(scale, _PLAIN, integers)
    differences = _encode(scale, _DIFFERENCES, integers)
    return min((packed for packed in (plain, differences) if packed is not None), key=len)


def unpack(packed: bytes) -> "array[float]":
    """What `pack` was given, to the last bit."""
    scale, kind, width, count, first, smallest = _HEADER.unpack_from(packed)
    stored = max(count - 1, 0) if kind == _DIFFERENCES else count
    offsets = _from_planes(packed[_HEADER.size :], width, stored)
    integers: Iterable[int] = map(smallest.__add__, offsets)
    if kind == _DIFFERENCES:
        integers = accumulate(integers, initial=first) if count else ()
    return _floats(_SCALES[scale], integers)


def _integers(values: "array[float]") -> tuple[int, Sequence[int]]:
    for index, scale in enumerate(_SCALES[1:], start=1):
        if all(_fits(value, scale) for value in values[:_PROBE]) and all(
            _fits(value, scale) for value in values
        ):
            integers = [round(value * scale) for value in values]
            if _floats(scale, integers).tobytes() == values.tobytes():  # a -0.0 would be lost
                return index, integers
    bits: array[int] = array("q")
    bits.frombytes(values.tobytes())
    return 0, bits


def _fits(value: float, scale: int) -> bool:
    return abs(value) * scale < _EXACT and round(value * scale) / scale == value


def _floats(scale: int, integers: Iterable[int]) -> "array[float]":
    if scale:
        return array("d", [integer / scale for integer in integers])
    values: array[float] = array("d")
    values.frombytes(array("q", integers).tobytes())
    return values


def _encode(scale: int, kind: int, integers: Sequence[int]) -> bytes | None:
    """None if differences do not fit into 64 bits."""
    count = len(integers)
    first = integers[0] if count else 0
    if kind == _DIFFERENCES:
        integers = [after - before for before, after in pairwise(integers)]
    smallest = min(integers, default=0)
    width = ((max(integers, default=0) - smallest).bit_length() + 7) // 8
    if width > _WIDEST or not -(2**63) <= smallest < 2**63:
        return None
    header = _HEADER.pack(scale, kind, width, count, first, smallest)
    return header + _to_planes([integer - smallest for integer in integers], width)


def _to_planes(offsets: Sequence[int], width: int) -> bytes:
    if not width:
        return b""
    wide = array("Q", offsets).tobytes()
    deflate = zlib.compressobj(wbits=_WINDOW, memLevel=_MEMORY)
    parts = []
    for plane in range(width):
        parts.append(deflate.compress(wide[plane::_WIDEST]))
        parts.append(deflate.flush(zlib.Z_BLOCK))  # each plane has its own Huffman codes
    return b"".join((*parts, deflate.flush()))


def _from_planes(packed: bytes, width: int, count: int) -> Sequence[int]:
    if not width:
        return [0] * count
    planes = zlib.decompress(packed)
    wide = bytearray(_WIDEST * count)
    for plane in range(width):
        wide[plane::_WIDEST] = planes[plane * count : (plane + 1) * count]
    return array("Q", bytes(wide))
