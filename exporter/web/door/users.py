"""Whether a password is right, without saying who exists: not in words, and not in time."""

import asyncio
import hmac
import secrets
from collections.abc import Callable, Mapping

import bcrypt

Check = Callable[[bytes, bytes], bool]

_AT_ONCE = 2
"""Passwords hashed at the same time, in threads."""
_WAITING = 32
"""Passwords that may wait for their turn; a guesser fills this queue, not the processor."""
_LONGEST = 72
"""Bytes of a password that bcrypt looks at; those who made the hash had the rest ignored too."""


class Busy(Exception):
    """Too many passwords wait to be checked."""


class Users:
    """The users of a web configuration.

    A right password is remembered per user as a digest under a key that only this process has, so that a scraper costs one
    bcrypt and not one per scrape. A wrong one always costs bcrypt, and so does an unknown user: the hash of a user chosen
    by the unknown name is checked in place of his own, so that the cost has the distribution of real ones.
    """

    def __init__(self, hashes: Mapping[str, bytes], check: Check = bcrypt.checkpw) -> None:
        self._hashes = dict(hashes)
        self._check = check
        self._key = secrets.token_bytes(32)
        self._right: dict[str, bytes] = {}
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._pending: dict[bytes, asyncio.Task[bool]] = {}

    def __bool__(self) -> bool:
        return bool(self._hashes)

    def __contains__(self, name: object) -> bool:
        return name in self._hashes

    async def know(self, name: str, password: str) -> bool:
        """Whether *password* is that of *name*.

        Raises:
            Busy: too many others are being checked.
        """
        given = password.encode(errors="replace")
        digest = self._digest(name, given)
        if hmac.compare_digest(self._right.get(name, b""), digest):
            return True
        right = await asyncio.shield(self._asking(digest, given[:_LONGEST], self._hash(name)))
        if right and name in self._hashes:
            self._right[name] = digest
            return True
        return False

    def _asking(self, digest: bytes, password: bytes, hashed: bytes) -> "asyncio.Task[bool]":
        """One check for all who give the same name and password at the same time: a scraper's many connections."""
        task = self._pending.get(digest)
        if task is None:
            if len(self._pending) >= _AT_ONCE + _WAITING:
                raise Busy
            task = self._pending[digest] = asyncio.create_task(self._checked(password, hashed))
            task.add_done_callback(lambda _: self._pending.pop(digest))
        return task

    async def _checked(self, password: bytes, hashed: bytes) -> bool:
        async with self._turn:
            return await asyncio.to_thread(self._check, password, hashed)

    def _hash(self, name: str) -> bytes:
        known = self._hashes.get(name)
        others = tuple(self._hashes.values())
        stand_in = others[int.from_bytes(self._digest(name, b"")) % len(others)]
        return stand_in if known is None else known

    def _digest(self, name: str, password: bytes) -> bytes:
        text = name.encode(errors="replace")
        return hmac.digest(self._key, len(text).to_bytes(8) + text + password, "sha256")
