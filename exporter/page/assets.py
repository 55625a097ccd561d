"""Style sheet, script and icon: small files of ours, named by their content so that browsers may keep them for ever."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
NAMES = ("gpuvitals.css", "gpuvitals.js", "icon.svg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file as it is served."""

    body: bytes
    content_type: str
    digest: str


@cache
def load(name: str) -> Asset:
    """The file *name*, one of `NAMES`; read once."""
    body = (files("exporter.page") / "static" / name).read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:16]
    return Asset(body=body, content_type=_TYPES[name.rpartition(".")[2]], digest=digest)


def address(name: str) -> str:
    """Where *name* is served: another address as soon as its content is another."""
    return f"/static/{load(name).digest}/{name}"


@cache
def version() -> str:
    """Changes when any file does: an open page must not live on with an old script."""
    return hashlib.sha256("".join(load(name).digest for name in NAMES).encode()).hexdigest()[:16]
