"""A web configuration that is ready for use: certificates loaded, users known."""

import ssl
from dataclasses import dataclass

from catalog.errors import ConfigError
from exporter.web.door import config, tls
from exporter.web.door.config import WebConfig
from exporter.web.door.tls_section import ClientAuth
from exporter.web.door.users import Users

_STRENGTH = tuple(ClientAuth)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What one request or connection is held against.

    Attributes:
        context: None if connections are not encrypted.
    """

    config: WebConfig
    context: ssl.SSLContext | None
    users: Users


def ready(written: WebConfig, before: Lock | None = None) -> Lock:
    """*written*, ready for use; who logged in *before* need not be asked again if the users are the same.

    Raises:
        ConfigError: its certificates cannot be used.
    """
    kept = before is not None and before.config.users == written.users
    return Lock(
        config=written,
        context=tls.context(written.tls) if written.tls else None,
        users=before.users if before is not None and kept else Users(written.users),
    )


def check(file: str) -> None:
    """Whether *file* could be used; an empty name is no file.

    Raises:
        ConfigError: it could not; with file, line and what to mend.
    """
    if file:
        ready(config.load(file))


def check_not_weaker(old: WebConfig, new: WebConfig) -> None:
    """A file that is being rewritten is empty for an instant: the lock may change while serving, not come off.

    Raises:
        ConfigError: *new* asks less of clients than *old*.
    """
    for what, before, after in zip(
        ("TLS", "client certificates", "users"), _demands(old), _demands(new), strict=True
    ):
        if after < before:
            raise ConfigError(f"{what} would no longer be asked for; that needs a restart")


def _demands(written: WebConfig) -> tuple[int, int, int]:
    wanted = written.tls.client_auth if written.tls else ClientAuth.NONE
    return (int(written.tls is not None), _STRENGTH.index(wanted), int(bool(written.users)))
