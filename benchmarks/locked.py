"""A locked door for a measurement: a certificate of an hour's authority and one user."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import bcrypt
import trustme

_USER, _PASSWORD = "prometheus", "a password of no secret"

AUTHORIZATION = "Basic " + base64.b64encode(f"{_USER}:{_PASSWORD}".encode()).decode()
"""The header that opens it."""


@contextmanager
def web_config() -> Iterator[Path]:
    """The web configuration file."""
    with TemporaryDirectory(prefix="gpuvitals-door-") as name:
        folder = Path(name)
        certificate = trustme.CA().issue_cert("127.0.0.1")
        certificate.private_key_pem.write_to_path(folder / "server.key")
        certificate.cert_chain_pems[0].write_to_path(folder / "server.pem")
        hashed = bcrypt.hashpw(_PASSWORD.encode(), bcrypt.gensalt(10)).decode()
        file = folder / "web.yaml"
        file.write_text(
            "tls_server_config: {cert_file: server.pem, key_file: server.key}\n"
            f"basic_auth_users: {{{_USER}: {hashed}}}\n"
        )
        yield file
