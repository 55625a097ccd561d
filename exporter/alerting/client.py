"""Alertmanager's API, version 2: what is posted to it, and what it says that it has.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

import asyncio
import base64
import ssl
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import aiohttp
import msgspec

from catalog.errors import ConfigError, SinkError
from catalog.promql.instant import Labels
from exporter.alerting.conditions import Alert
from exporter.alerting.settings import Settings, secret

REASONS = ("connect", "timeout", "tls", "credentials", "denied", "rejected", "status", "overflow")
"""Why a sending can fail; of `rejected` and `overflow` nothing is tried again."""
_DEADLINE = aiohttp.ClientTimeout(total=5.0, connect=2.0)
_MOST_BYTES = 16 * 1024 * 1024
_DENIED = (401, 403)


class _Held(msgspec.Struct):
    labels: dict[str, str]


class Client:
    """One Alertmanager.

    Args:
        session: shared by all.
    """

    def __init__(self, url: str, settings: Settings, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._api = f"{url}/api/v2/alerts"
        self._settings = settings
        self._session = session

    async def post(self, alerts: Iterable[tuple[Alert, float]]) -> None:
        """Let each alert hold until the time beside it.

        Raises:
            SinkError: it does not take them.
        """
        body = msgspec.json.encode([_written(alert, ends) for alert, ends in alerts])
        await self._ask("POST", body, ())

    async def held(self, filters: Iterable[str]) -> list[Labels]:
        """The labels of each alert that it has, silenced and inhibited ones included.

        Raises:
            SinkError: it does not say.
        """
        answer = await self._ask("GET", None, tuple(("filter", one) for one in filters))
        try:
            found = msgspec.json.decode(answer, type=list[_Held])
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise SinkError("status", f"{self.url} answers no alerts: {error}") from error
        return [frozenset(one.labels.items()) for one in found]

    async def _ask(
        self, method: str, body: bytes | None, query: tuple[tuple[str, str], ...]
    ) -> bytes:
        try:
            async with self._session.request(
                method,
                self._api,
                data=body,
                params=query,
                headers=self._headers(),
                ssl=self._settings.tls or True,
                timeout=_DEADLINE,
                allow_redirects=False,
            ) as response:
                answer = await _read(response)
                _check(self.url, response.status, answer)
                return answer
        except ConfigError as error:
            raise SinkError("credentials", str(error)) from error
        except TimeoutError as error:
            raise SinkError("timeout", f"{self.url} did not answer in time") from error
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise SinkError("tls", f"{self.url}: {error}") from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise SinkError("connect", f"{self.url}: {error}") from error

    def _headers(self) -> Mapping[str, str]:
        headers = {"Content-Type": "application/json"}
        if self._settings.token:
            token = secret(self._settings.token, "alertmanager_token_file")
            headers["Authorization"] = f"Bearer {token}"
        if self._settings.password:
            password = secret(self._settings.password, "alertmanager_password_file")
            pair = f"{self._settings.user}:{password}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        return headers


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The answer, as far as it is of a size that we would believe."""
    answer = bytearray()
    async for part in response.content.iter_any():
        answer += part
        if len(answer) > _MOST_BYTES:
            break
    return bytes(answer)


def _check(url: str, status: int, answer: bytes) -> None:
    if status == 200:
        return
    said = answer[:200].decode(errors="replace").strip()
    if status in _DENIED:
        raise SinkError("denied", f"{url} denies it ({status}): {said}")
    reason = "rejected" if status in (400, 413, 422) else "status"
    raise SinkError(reason, f"{url} answered {status}: {said}")


def _written(alert: Alert, ends: float) -> dict[str, object]:
    return {
        "labels": dict(sorted(alert.labels)),
        "annotations": dict(alert.annotations),
        "startsAt": _time(alert.since),
        "endsAt": _time(ends),
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
