"""A certificate or key as PEM text: written in the configuration itself, or in a file of its own."""

import stat
from dataclasses import dataclass, field
from pathlib import Path

from catalog.errors import ConfigError

_MOST = 1024 * 1024
"""Bytes; all certificate authorities of the world together are smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pem:
    """Where a PEM text is.

    Attributes:
        where: file, line and key that name it, for error messages.
    """

    where: str
    path: Path | None = None
    text: str = field(default="", repr=False)

    def read(self) -> bytes:
        """Its text.

        Raises:
            ConfigError: it cannot be read.
        """
        return (
            self.text.encode(errors="replace") if self.path is None else self._content(self.path)
        )

    def error(self, message: str) -> ConfigError:
        """An error about this text."""
        return ConfigError(f"{self.where}: {self.path or 'the text'} {message}")

    def _content(self, path: Path) -> bytes:
        try:
            kind = path.stat().st_mode
            if not stat.S_ISREG(kind):
                named = "a folder; name a file in it" if stat.S_ISDIR(kind) else "no regular file"
                raise self.error(f"is {named}")
            with path.open("rb") as stream:
                content = stream.read(_MOST + 1)
        except (OSError, ValueError) as error:
            raise self.error(
                f"cannot be read: {getattr(error, 'strerror', None) or error}"
            ) from error
        if len(content) > _MOST:
            raise self.error(f"is larger than {_MOST >> 20} MiB, so it holds no certificate")
        return content
