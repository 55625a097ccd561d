"""`basic_auth_users` of a web configuration: names and bcrypt hashes. No message shows a hash."""

import re
from collections.abc import Mapping
from types import MappingProxyType

import bcrypt

from catalog.yamlfile import Document

SECTION = "basic_auth_users"
_HASH = re.compile(r"\$2[aby]\$(?P<cost>\d\d)\$(?P<salt>[./A-Za-z0-9]{22})[./A-Za-z0-9]{31}")
_COSTS = range(4, 19)
"""bcrypt's least, and the most that is done within seconds; each step doubles the work."""


def read(document: Document) -> Mapping[str, bytes]:
    """The hash of each user.

    Raises:
        ConfigError: there is a name or hash that nobody could log in with.
    """
    written = document.value.get(SECTION) if isinstance(document.value, dict) else None
    if written is None:
        return MappingProxyType({})
    if not isinstance(written, dict):
        raise document.error(f"{SECTION}: expected user names, each with a bcrypt hash", SECTION)
    return MappingProxyType(
        {name: _hash(document, name, given) for name, given in written.items()}
    )


def _hash(document: Document, name: str, given: object) -> bytes:
    def wrong(message: str) -> Exception:
        return document.error(f"{SECTION}: {message}", SECTION, name)

    if not name or ":" in name:
        raise wrong(f"a user name is not empty and has no colon, unlike {name!r}")
    found = _HASH.fullmatch(given) if isinstance(given, str) else None
    if not isinstance(given, str) or found is None or not _salted(found["salt"]):
        raise wrong(
            f"{name!r} has no bcrypt hash, such as `htpasswd -nBC 10 {name}` prints after the colon"
        )
    if int(found["cost"]) not in _COSTS:
        raise wrong(
            f"the hash of {name!r} has cost {found['cost']}; use {_COSTS[0]} to {_COSTS[-1]}"
        )
    return given.encode()


def _salted(salt: str) -> bool:
    """Whether bcrypt takes *salt*, tried at the least cost."""
    try:
        bcrypt.hashpw(b"", f"$2b$04${salt}".encode())
    except ValueError:
        return False
    return True
