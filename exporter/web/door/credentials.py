"""What a client gives in an `Authorization` header: RFC 7617, in UTF-8."""

import base64
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and a password, of which neither is believed yet."""

    name: str
    password: str = field(repr=False)

    @classmethod
    def parse(cls, header: str) -> Self | None:
        """Those in *header*; None if there are none that could be right."""
        scheme, _, encoded = header.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            text = base64.b64decode(encoded.strip(), validate=True).decode()
        except ValueError:
            return None
        name, colon, password = text.partition(":")
        return cls(name, password) if colon else None
