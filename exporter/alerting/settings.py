"""Where alerts go and how we prove who we are, from the exporter's settings."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from alerts.links import Links
from catalog.errors import ConfigError
from exporter.config import Config

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
_SENT_AGAIN = 30.0
_TIMES = 10
"""How often at least an alert is sent before it would lapse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator wants.

    Attributes:
        urls: of each Alertmanager, without a slash at the end; none are told if there is none.
        external: the labels that Prometheus' alerts carry beside those of their rule, after relabelling.
        links: where annotations lead, as in the rules.
        hold: seconds for which an alert outlives its last sending.
        user, password, token: password and token are files, read for each request, since they change.
        tls: for addresses with https.
    """

    urls: tuple[str, ...] = ()
    external: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    links: Links = field(default_factory=Links)
    hold: float = 300.0
    user: str = ""
    password: Path | None = None
    token: Path | None = None
    tls: ssl.SSLContext | None = None

    @property
    def again(self) -> float:
        """Seconds after which an alert that still holds is sent again."""
        return min(_SENT_AGAIN, self.hold / _TIMES)


def settings(config: Config) -> Settings:
    """Those of *config*.

    Raises:
        ConfigError: one of them cannot be used.
    """
    password, token = (
        _file(config.alertmanager_password_file),
        _file(config.alertmanager_token_file),
    )
    if bool(config.alertmanager_user) != bool(password):
        raise ConfigError("alertmanager_user and alertmanager_password_file belong together")
    if ":" in config.alertmanager_user:
        raise ConfigError("alertmanager_user must not contain a colon")
    if password and token:
        raise ConfigError(
            "alertmanager_password_file and alertmanager_token_file exclude each other; choose one"
        )
    for name, path in (("password_file", password), ("token_file", token)):
        if path:
            secret(path, f"alertmanager_{name}")
    return Settings(
        urls=tuple(map(_url, config.alertmanager_urls)),
        external=MappingProxyType(dict(map(_label, config.alertmanager_external_labels))),
        links=Links(
            runbook_url=config.runbook_url,
            dashboard_url=config.dashboard_url,
            node_dashboard_url=config.node_dashboard_url,
        ),
        hold=float(config.alertmanager_hold_seconds),
        user=config.alertmanager_user,
        password=password,
        token=token,
        tls=_tls(config),
    )


def secret(path: Path, what: str) -> str:
    """The text of a file that holds a password or token.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{what}: {path} cannot be read: {reason}") from error
    if not text or not text.isprintable():
        raise ConfigError(f"{what}: {path} must hold one line of text")
    return text


def _file(name: str) -> Path | None:
    return Path(name) if name else None


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"alertmanager_urls: {text!r} is no address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ConfigError(
            f"alertmanager_urls: {text!r} is no address such as http://alertmanager:9093"
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigError(
            f"alertmanager_urls: an address has no user, '?' or '#'; name the user in alertmanager_user ({parts.hostname})"
        )
    return text.rstrip("/")


def _label(pair: str) -> tuple[str, str]:
    name, sign, value = pair.partition("=")
    if not sign or not _LABEL.match(name):
        raise ConfigError(
            f"alertmanager_external_labels: {pair!r} is no label; write it as cluster=prod"
        )
    return name, value


def _tls(config: Config) -> ssl.SSLContext | None:
    names = (config.alertmanager_ca, config.alertmanager_certificate, config.alertmanager_key)
    if bool(names[1]) != bool(names[2]):
        raise ConfigError("alertmanager_certificate and alertmanager_key belong together")
    if not any(names):
        return None
    try:
        context = ssl.create_default_context(cafile=names[0] or None)
        if names[1]:
            context.load_cert_chain(names[1], names[2])
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"alertmanager_ca, alertmanager_certificate or alertmanager_key cannot be used: {error}"
        ) from error
    return context
