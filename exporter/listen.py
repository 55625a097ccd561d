"""The address that we serve on, as text and as a socket."""

import re
import socket

from catalog.errors import ConfigError

_BACKLOG = 1024


def parse(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, `:PORT` or `[IPV6]:PORT`; the host is empty for all addresses.

    Raises:
        ConfigError: *text* is none of these.
    """
    host, separator, port = text.rpartition(":")
    if not separator or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise ConfigError(
            f"listen: {text!r} is not HOST:PORT, for example :9400 or 127.0.0.1:9400"
        )
    return host.strip("[]"), int(port)


def bind(text: str) -> socket.socket:
    """A listening socket.

    Raises:
        ConfigError: the address is not ours, in use, or refused to us.
    """
    host, port = parse(text)
    try:
        if host:
            return socket.create_server(
                (host, port),
                family=socket.AF_INET6 if ":" in host else socket.AF_INET,
                backlog=_BACKLOG,
            )
        return socket.create_server(
            ("", port),
            family=socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET,
            backlog=_BACKLOG,
            dualstack_ipv6=socket.has_dualstack_ipv6(),
        )
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "that is no host name"
        reason = reason.partition(" (while ")[0]  # Python repeats the address there.
        raise ConfigError(
            f"listen: cannot serve on {text}: {reason}; is another exporter running? choose another with "
            "--listen HOST:PORT"
        ) from error
