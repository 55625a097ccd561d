"""What a fuzz target is: a parser, real inputs to begin with, and the errors that it may answer with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from catalog.errors import GpuVitalsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One parser.

    Attributes:
        name: also the folder of its found cases.
        one: takes any input; whatever it raises is a bug of the parser's.
        seeds: inputs as they occur, from which others are made.
        share: how many of a thousand inputs are for this target.
        longest: bytes of an input.
    """

    name: str
    one: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    share: int
    longest: int = 4096


def text(data: bytes) -> str:
    """*data* as a text: half of the bytes that a mutation yields are no UTF-8."""
    return data.decode(errors="replace")


@contextmanager
def refusal_allowed() -> Iterator[None]:
    """Our own errors are answers too, if they are one line; no other error is."""
    try:
        yield
    except (GpuVitalsError, web.HTTPClientError) as error:
        if "\n" in str(error):
            raise
