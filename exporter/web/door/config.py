"""A web configuration file, in the format of Prometheus' exporter-toolkit.

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import msgspec

from catalog import yamlfile
from catalog.typed import placed, typed
from catalog.yamlfile import Document
from exporter.web.door import headers, tls_section, users_section
from exporter.web.door.tls_section import Tls


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """What a web configuration file says.

    Attributes:
        http2: whether it asks for what we do not speak.
        users: bcrypt hashes by user name; nobody is asked if it is empty.
    """

    tls: Tls | None = None
    http2: bool = False
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    users: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}), repr=False)


class _File(msgspec.Struct):
    tls_server_config: object = None
    http_server_config: object = None
    basic_auth_users: object = None
    rate_limit: object = None


class _Http(msgspec.Struct):
    http2: bool = False
    headers: dict[str, str] | None = None


def load(file: str | Path) -> WebConfig:
    """The web configuration in *file*; certificates and keys are not read yet.

    Raises:
        ConfigError: the file cannot be read, is wrong, or asks for what we cannot do; with file and line.
    """
    return read(yamlfile.load(file))


def read(document: Document) -> WebConfig:
    """What *document* says.

    Raises:
        ConfigError: it is wrong, or asks for what we cannot do; with file and line.
    """
    if document.value is None:
        return WebConfig()
    if not isinstance(document.value, dict):  # not shown: it may hold secrets
        raise document.error(f"expected a mapping with {', '.join(_File.__struct_fields__)}")
    with placed(document):
        sections = typed(document.value, _File)
    if sections.rate_limit is not None:
        raise document.error(
            "rate_limit: not supported; scrapes are limited by max_scrapes, connections by number",
            "rate_limit",
        )
    http = _http(document, sections.http_server_config)
    return WebConfig(
        tls=tls_section.read(document),
        http2=http.http2,
        headers=MappingProxyType(http.headers or {}),
        users=users_section.read(document),
    )


def _http(document: Document, written: object) -> _Http:
    if written is None:
        return _Http()
    with placed(document, "http_server_config"):
        http = typed(written, _Http)
        headers.check(http.headers or {})
    return http
