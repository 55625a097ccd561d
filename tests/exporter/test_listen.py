"""The address that we serve on."""

import socket

import pytest

from catalog.errors import ConfigError
from exporter.listen import bind, parse


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":9400", ("", 9400)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("localhost:65535", ("localhost", 65535)),
        ("[::1]:9400", ("::1", 9400)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    """A host and a port; no host is every address."""
    assert parse(text) == address


@pytest.mark.parametrize(
    "text", ["", "9400", "host", "host:", "host:http", ":65536", ":-1", ":²", ":" + "9" * 5000]
)
def test_what_is_no_address(text: str) -> None:
    """The message shows how one looks."""
    with pytest.raises(ConfigError, match=r"is not HOST:PORT, for example :9400"):
        parse(text)


@pytest.mark.parametrize("text", ["127.0.0.1:0", ":0"])
def test_it_can_be_connected_to(text: str) -> None:
    """A socket that is bound takes connections, on IPv4 too when no host is given."""
    with bind(text) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            assert client.getpeername()[1] == port


def test_a_port_in_use() -> None:
    """One line: what, where, why, and what to do."""
    with bind("127.0.0.1:0") as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConfigError) as refused:
            bind(f"127.0.0.1:{port}")

    assert str(refused.value) == (
        f"listen: cannot serve on 127.0.0.1:{port}: Address already in use; "
        "is another exporter running? choose another with --listen HOST:PORT"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "..", "x" * 70])
def test_a_host_that_is_not_ours(host: str) -> None:
    """Addresses of others, unknown names and what is no name at all are for the user to mend."""
    with pytest.raises(ConfigError, match="listen: cannot serve on"):
        bind(f"{host}:0")
