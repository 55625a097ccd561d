"""From `tls_server_config` to what OpenSSL needs. Certificate and key are read once each, so that they are one pair."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from exporter.web.door.pem import Pem
from exporter.web.door.tls_section import ClientAuth, Tls

_VERIFY = {
    ClientAuth.NONE: ssl.CERT_NONE,
    ClientAuth.IF_GIVEN: ssl.CERT_OPTIONAL,
    ClientAuth.REQUIRED: ssl.CERT_REQUIRED,
}


def context(tls: Tls) -> ssl.SSLContext:
    """What *tls* asks for, with the certificates that its files hold now.

    Raises:
        ConfigError: they cannot be read, or do not belong together.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version, made.maximum_version = tls.oldest, tls.newest
    made.set_alpn_protocols(["http/1.1"])
    made.options |= (
        ssl.OP_NO_RENEGOTIATION
    )  # each costs us more than the client; OpenSSL before 3 allows it
    if not tls.our_order:
        made.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    if tls.ciphers:
        made.set_ciphers(":".join(tls.ciphers))
    _present(made, tls.certificate, tls.key)
    if tls.client_ca is not None:
        _trust(made, tls.client_ca)
    made.verify_mode = _VERIFY[tls.client_auth]
    return made


def _present(made: ssl.SSLContext, certificate: Pem, key: Pem) -> None:
    chain, secret = certificate.read(), key.read()
    _trust(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), certificate, chain)
    if b"PRIVATE KEY-----" not in secret:
        raise key.error("holds no private key in PEM form")
    if b"ENCRYPTED" in secret:
        raise key.error("is encrypted, and there is nobody to type its passphrase; decrypt it")
    try:
        with _as_file(chain) as chain_file, _as_file(secret) as key_file:
            # Were there a passphrase after all, OpenSSL would ask for it on the terminal.
            made.load_cert_chain(chain_file, key_file, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise key.error("is not the key of the certificate beside it") from error
        raise key.error(f"cannot be used with its certificate: {reason(error)}") from error


def _trust(made: ssl.SSLContext, authority: Pem, content: bytes | None = None) -> None:
    text = (authority.read() if content is None else content).decode("ascii", errors="ignore")
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise authority.error("holds no certificate in PEM form")
    try:
        made.load_verify_locations(cadata=text)
    except ssl.SSLError as error:
        raise authority.error(f"holds a certificate that is damaged: {reason(error)}") from error


def reason(error: ssl.SSLError) -> str:
    """What OpenSSL found wrong, in words."""
    return (error.reason or "no valid PEM").replace("_", " ").lower()


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """A file that exists in memory only: OpenSSL's Python side reads pairs from files."""
    descriptor = os.memfd_create("pem", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as stream:
            stream.write(content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
