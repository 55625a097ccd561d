"""Whom we turned away and what was changed: counted, and written to the audit log."""

import asyncio
from enum import StrEnum

from catalog.errors import ConfigError
from catalog.metrics import exporter
from exporter.audit import Audit, Outcome, What
from exporter.prometheus import Instruments
from exporter.web.door import peer


class Denial(StrEnum):
    """Why someone was turned away."""

    NO_CREDENTIALS = "no_credentials"
    WRONG_CREDENTIALS = "wrong_credentials"
    BUSY = "busy"
    HANDSHAKE = "handshake"
    CERTIFICATE_NAME = "certificate_name"
    CROSS_ORIGIN = "cross_origin"
    CONNECTIONS = "connections"
    SLOW = "slow"
    MALFORMED = "malformed"


class Record:
    """Counts from zero, and remembers each case."""

    def __init__(self, instruments: Instruments, audit: Audit) -> None:
        self._instruments = instruments
        self._audit = audit
        for reason in Denial:
            instruments.add(exporter.REQUESTS_DENIED, 0, reason=reason)
        for outcome in ("success", "failure"):
            instruments.add(exporter.WEB_CONFIG_RELOADS, 0, outcome=outcome)

    def denied(self, reason: Denial, who: str, **details: str) -> None:
        """Someone was turned away."""
        self._instruments.add(exporter.REQUESTS_DENIED, reason=reason)
        self._audit.write(What.REQUEST, Outcome.REFUSED, who=who, reason=reason, **details)

    def web_config_reloaded(self, error: ConfigError | None) -> None:
        """The web configuration changed, or would have."""
        outcome = "failure" if error else "success"
        self._instruments.add(exporter.WEB_CONFIG_RELOADS, outcome=outcome)
        self.configured("web_config", error)

    def configured(self, setting: str, error: ConfigError | None = None) -> None:
        """*setting* changed, or would have; its file says by whom."""
        if error:
            self._audit.write(
                What.CONFIGURATION,
                Outcome.REFUSED,
                who="operator",
                setting=setting,
                reason=str(error),
            )
        else:
            self._audit.write(
                What.CONFIGURATION, Outcome.ACCEPTED, who="operator", setting=setting
            )

    def fault(self, who: str, fault: str, status: int) -> None:
        """Someone asked for a fault."""
        outcome = Outcome.ACCEPTED if status < 400 else Outcome.REFUSED
        self._audit.write(What.FAULT_INJECTION, outcome, who=who, fault=fault, status=str(status))


def caller(transport: asyncio.BaseTransport | None, user: str = "") -> str:
    """Who it is, as far as we know: a user of ours, else whom the certificate names, and the address."""
    address = transport.get_extra_info("peername") if transport else None
    place = str(address[0]) if address else "unknown"
    name = user or (peer.common_name(transport) if transport else "")
    return f"{name}@{place}" if name else place
