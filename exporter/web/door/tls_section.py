"""`tls_server_config` of a web configuration: what it says, and what of it we cannot do."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

import msgspec

from catalog.typed import Mismatch, check_word, placed, typed
from catalog.yamlfile import Document
from exporter.web.door import ciphers
from exporter.web.door.pem import Pem

SECTION = "tls_server_config"

VERSIONS = MappingProxyType({"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3})
_BROKEN_VERSIONS = frozenset({"TLS10", "TLS11"})
_UNVERIFIED = frozenset({"RequestClientCert", "RequireAnyClientCert", "RequireClientCert"})


class ClientAuth(StrEnum):
    """What is asked of a client's certificate, in Go's words."""

    NONE = "NoClientCert"
    IF_GIVEN = "VerifyClientCertIfGiven"
    REQUIRED = "RequireAndVerifyClientCert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How connections are encrypted.

    Attributes:
        ciphers: suites of TLS 1.2 in OpenSSL's words; none for its own choice.
        client_names: of which a client's certificate must have one; none for any.
    """

    certificate: Pem
    key: Pem
    client_ca: Pem | None = None
    client_auth: ClientAuth = ClientAuth.NONE
    client_names: frozenset[str] = frozenset()
    oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    ciphers: tuple[str, ...] = ()
    our_order: bool = True

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it names."""
        pems = (self.certificate, self.key, self.client_ca)
        return tuple(pem.path for pem in pems if pem is not None and pem.path is not None)


class _Section(msgspec.Struct):
    cert: str | None = None
    key: str | None = None
    client_ca: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    client_ca_file: str | None = None
    client_auth_type: str = ClientAuth.NONE
    client_allowed_sans: list[str] | None = None
    min_version: str = "TLS12"
    max_version: str = "TLS13"
    cipher_suites: list[str] | None = None
    prefer_server_cipher_suites: bool = True
    curve_preferences: object = None


def read(document: Document) -> Tls | None:
    """The section of *document*; None if nothing is written there.

    Raises:
        ConfigError: it is wrong, or asks for what we cannot do.
    """
    written = document.value.get(SECTION) if isinstance(document.value, dict) else None
    if not written:
        return None
    with placed(document, SECTION):
        _check_secret(written)
        section = typed(written, _Section)
        _check(section)
        return Tls(
            certificate=_needed(document, section, "cert"),
            key=_needed(document, section, "key"),
            client_ca=_pem(document, section, "client_ca"),
            client_auth=ClientAuth(section.client_auth_type),
            client_names=frozenset(section.client_allowed_sans or ()),
            oldest=VERSIONS[section.min_version],
            newest=VERSIONS[section.max_version],
            ciphers=_suites(section),
            our_order=section.prefer_server_cipher_suites,
        )


def _check_secret(written: object) -> None:
    """A complaint about a key that is no text must not show it."""
    key = written.get("key") if isinstance(written, Mapping) else None
    if key is not None and not isinstance(key, str):
        raise Mismatch("key: expected the text of a PEM file", "key")


def _check(section: _Section) -> None:
    for key in ("min_version", "max_version"):
        _check_version(getattr(section, key), key)
    if VERSIONS[section.min_version] > VERSIONS[section.max_version]:
        raise Mismatch("max_version: it is older than min_version", "max_version")
    if section.curve_preferences is not None:
        raise Mismatch(
            "curve_preferences: not supported, OpenSSL chooses the curve; remove this key",
            "curve_preferences",
        )
    _check_clients(section)


def _check_version(version: str, key: str) -> None:
    if version in _BROKEN_VERSIONS:
        raise Mismatch(f"{key}: {version} is broken (RFC 8996) and not served; use TLS12", key)
    check_word(version, VERSIONS, "version", key)


def _check_clients(section: _Section) -> None:
    key, kind = "client_auth_type", section.client_auth_type
    if kind in _UNVERIFIED:
        raise Mismatch(
            f"{key}: {kind} is not supported, it lets in certificates that nobody verified; use "
            f"{ClientAuth.REQUIRED}",
            key,
        )
    check_word(kind, tuple(ClientAuth), "client_auth_type", key)
    authority = section.client_ca is not None or section.client_ca_file is not None
    if authority and kind == ClientAuth.NONE:
        raise Mismatch(
            f"{key}: client CAs are named, but no certificate is asked for; use {ClientAuth.REQUIRED}",
            key,
        )
    if not authority and kind != ClientAuth.NONE:
        raise Mismatch(f"{key}: {kind} needs client_ca_file, whose CA signed the clients", key)
    if section.client_allowed_sans is not None and kind != ClientAuth.REQUIRED:
        raise Mismatch(
            f"client_allowed_sans: it needs client_auth_type: {ClientAuth.REQUIRED}",
            "client_allowed_sans",
        )
    if section.client_allowed_sans == []:
        raise Mismatch(
            "client_allowed_sans: an empty list lets nobody in; name at least one",
            "client_allowed_sans",
        )


def _suites(section: _Section) -> tuple[str, ...]:
    key, named = "cipher_suites", section.cipher_suites or []
    for suite in named:
        check_word(suite, (*ciphers.TLS12, *ciphers.TLS13), "cipher suite", key)
    chosen = tuple(ciphers.TLS12[suite] for suite in named if suite in ciphers.TLS12)
    if named and not chosen and section.min_version != "TLS13":
        raise Mismatch(f"{key}: none is of TLS 1.2; add one, or set min_version: TLS13", key)
    return chosen


def _needed(document: Document, section: _Section, name: str) -> Pem:
    pem = _pem(document, section, name)
    if pem is None:
        raise Mismatch(f"the key '{name}_file' is missing")
    return pem


def _pem(document: Document, section: _Section, name: str) -> Pem | None:
    """The text under *name*, or the file under *name*_file; a relative one is sought beside the document."""
    text, file = getattr(section, name), getattr(section, f"{name}_file")
    if text and file:
        raise Mismatch(f"{name}: {name}_file names one too; keep one of them", name)
    if file:
        where = f"{document.at(SECTION, f'{name}_file')}: {name}_file"
        return Pem(where=where, path=Path(document.file).parent / file)
    return Pem(where=f"{document.at(SECTION, name)}: {name}", text=text) if text else None
