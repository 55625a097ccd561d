"""Alertmanager's silences as exclusions in files: Alertmanager forgets a silence some days after its end, files stay.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

import base64
import http.client
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit
from urllib.request import Request, urlopen

import msgspec

from catalog import textfile, yamlfile
from catalog.errors import ConfigError, HistoryError
from slo import names

_PATIENCE = 30.0
_LABEL = re.compile(r"\w+")
_OF_ALERTS = ("alertname", names.SEVERITY, names.TIER, names.STATE_LABEL, names.REMAINING)
"""Labels that say which alert is silenced, not what it is about."""


class Matcher(msgspec.Struct, rename="camel", kw_only=True):
    """What one label of an alert must be."""

    name: str
    value: str
    is_regex: bool
    is_equal: bool = True

    @property
    def wanted(self) -> str:
        """The value of a label as our matchers write it."""
        sign = ("=" if self.is_equal else "!") + ("~" if self.is_regex else "=")
        return self.value if sign == "==" else f"{sign}{self.value}"


class Silence(msgspec.Struct, rename="camel", kw_only=True):
    """One silence."""

    id: str
    matchers: list[Matcher]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str


class Fate(StrEnum):
    """What became of a silence."""

    COPIED = "copied"
    KEPT = "kept"
    CHANGED = "changed"  # the file is kept, though the silence has other times by now
    NEVER_BEGAN = "never began"  # it was ended before


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """One silence and its file."""

    silence: Silence
    file: Path
    fate: Fate


def pull(url: str, matchers: Sequence[str], folder: Path) -> Iterator[Pulled]:
    """Copy the silences of the Alertmanager at *url* that agree with all *matchers* into *folder*, a file each.

    A file that is there is never changed.

    Raises:
        ConfigError: the address or a matcher is none, or the folder cannot be written.
        HistoryError: the server cannot be asked.
    """
    for silence in sorted(_silences(url, matchers), key=lambda one: (one.starts_at, one.id)):
        yield _copied(silence, matchers, folder)


def _copied(silence: Silence, matchers: Sequence[str], folder: Path) -> Pulled:
    known = sorted(folder.glob(f"*-silence-{silence.id}.yaml"))
    file = (
        known[0] if known else folder / f"{silence.starts_at:%Y-%m-%d}-silence-{silence.id}.yaml"
    )
    if silence.ends_at <= silence.starts_at:
        return Pulled(silence=silence, file=file, fate=Fate.NEVER_BEGAN)
    entry = _entry(silence, matchers)
    if known:
        same = _times(file) == (entry["start"], entry["end"])
        return Pulled(silence=silence, file=file, fate=Fate.KEPT if same else Fate.CHANGED)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        textfile.write(file, yamlfile.dump([entry]))
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from error
    return Pulled(silence=silence, file=file, fate=Fate.COPIED)


def _entry(silence: Silence, matchers: Sequence[str]) -> dict[str, object]:
    asked = {found[0] for matcher in matchers if (found := _LABEL.search(matcher))}
    where = {
        matcher.name: matcher.wanted
        for matcher in silence.matchers
        if matcher.name not in asked and matcher.name not in _OF_ALERTS
    }
    return {
        "start": _written(silence.starts_at),
        "end": _written(silence.ends_at),
        "reason": silence.comment.strip() or f"silence {silence.id}",
        "author": silence.created_by,
        **({"where": where} if where else {}),
    }


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _times(file: Path) -> tuple[object, object]:
    """As the file says, which a person may have mended."""
    value = yamlfile.load(file).value
    first = value[0] if isinstance(value, list) and value else None
    return (first.get("start"), first.get("end")) if isinstance(first, dict) else (None, None)


def _silences(url: str, matchers: Sequence[str]) -> list[Silence]:
    address, head = _address(url)
    query = urlencode([("filter", matcher) for matcher in matchers])
    request = Request(f"{address}/api/v2/silences?{query}", headers=head)  # noqa: S310 - http or https: `_address`
    try:
        with urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310
            body = answer.read()
        return msgspec.json.decode(body, type=list[Silence])
    except HTTPError as error:
        said = error.read(500).decode("utf-8", "replace").strip()
        if error.code == http.client.BAD_REQUEST:
            raise ConfigError(f"Alertmanager takes no such matcher: {said}") from error
        raise HistoryError(f"{address} answers {error.code}: {said}") from error
    except msgspec.MsgspecError as error:
        raise HistoryError(
            f"{address}/api/v2/silences answers, but not as an Alertmanager does: {error}"
        ) from error
    except (URLError, OSError, http.client.HTTPException) as error:
        raise HistoryError(
            f"{address} cannot be asked: {getattr(error, 'reason', error)}"
        ) from error


def _address(url: str) -> tuple[str, dict[str, str]]:
    """The address without user and password, and the header that says them."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{url!r} is no address of an Alertmanager; write http://HOST:9093")
    user, _, place = parts.netloc.rpartition("@")
    address = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
    login = base64.b64encode(unquote(user).encode()).decode()
    return address, {"Authorization": f"Basic {login}"} if user else {}
