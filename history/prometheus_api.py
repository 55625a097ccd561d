"""The HTTP API of Prometheus, which Thanos, Mimir and VictoriaMetrics have too: queries out, series in.

https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
import msgspec
from yarl import URL

from catalog.errors import ConfigError, HistoryError

_AT_ONCE = 8
"""Queries under way; Prometheus itself works on 20 at a time by default."""
_CONNECT = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """What an expression is at one time; a range selector gives the raw samples."""

    promql: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What an expression is at *start*, and every *step* seconds after, up to *end*."""

    promql: str
    start: float
    end: float
    step: int


Query = Instant | Range


class Sampled(msgspec.Struct):
    """One series of an answer, as the server writes it: an instant has `value`, a range `values`."""

    metric: dict[str, str]
    value: tuple[float, str] | None = None
    values: list[tuple[float, str]] = []


class Rejected(HistoryError):
    """The server understood the request and will not answer this query."""


class _Data(msgspec.Struct, rename="camel"):
    result_type: str
    result: msgspec.Raw


class _Answer(msgspec.Struct, rename="camel"):
    status: str
    data: _Data | None = None
    error_type: str = ""
    error: str = ""


class PrometheusApi:
    """One server.

    Args:
        url: what stands before `/api/v1`; a user and a password may be in it.
        patience: seconds that one query may take.

    Raises:
        ConfigError: *url* is no address.
    """

    def __init__(self, url: str, patience: float = 60.0) -> None:
        self._url = _address(url)
        self._shown = str(self._url.with_user(None)).rstrip("/")
        self._patience = patience

    def ask(self, queries: Sequence[Query]) -> list[list[Sampled] | Rejected]:
        """The answers in the order of *queries*; blocks, so a running event loop must not call it.

        Raises:
            HistoryError: the server cannot be reached, does not answer in time, or is no such server.
        """
        return asyncio.run(self._all(queries))

    async def _all(self, queries: Sequence[Query]) -> list[list[Sampled] | Rejected]:
        turns = asyncio.Semaphore(_AT_ONCE)
        timeout = aiohttp.ClientTimeout(total=self._patience, sock_connect=_CONNECT)

        async def one(query: Query) -> list[Sampled] | Rejected:
            async with turns:
                try:
                    return await self._answer(session, query)
                except Rejected as rejected:
                    return rejected

        async with aiohttp.ClientSession(timeout=timeout) as session:
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(one(query)) for query in queries]
            except ExceptionGroup as failed:
                raise failed.exceptions[0] from None
            return [task.result() for task in tasks]

    async def _answer(self, session: aiohttp.ClientSession, query: Query) -> list[Sampled]:
        path, form = _written(query)
        form["timeout"] = f"{self._patience:.0f}s"
        try:
            async with session.post(self._url / "api/v1" / path, data=form) as response:
                status, body = response.status, await response.read()
        except aiohttp.ConnectionTimeoutError as error:
            raise HistoryError(
                f"{self._shown} cannot be reached within {_CONNECT:.0f} s"
            ) from error
        except TimeoutError as error:
            raise HistoryError(
                f"{self._shown} did not answer within {self._patience:.0f} s: {query.promql}"
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise HistoryError(f"{self._shown} cannot be asked: {error}") from error
        return self._read(status, body, query)

    def _read(self, status: int, body: bytes, query: Query) -> list[Sampled]:
        try:
            answer = msgspec.json.decode(body, type=_Answer)
        except msgspec.MsgspecError as error:
            raise HistoryError(
                f"{self._shown}/api/v1 answers {status} and no JSON of Prometheus; "
                "expected the address of a Prometheus, Thanos, Mimir or VictoriaMetrics"
            ) from error
        if answer.data is None:
            said = f"{self._shown} answers {status}, {answer.error_type}: {answer.error}"
            if answer.error_type in ("bad_data", "execution", "422", "400"):
                raise Rejected(f"{said}; asked: {query.promql}")
            raise HistoryError(said)
        if answer.data.result_type not in ("vector", "matrix"):
            raise Rejected(f"expected series, got a {answer.data.result_type}: {query.promql}")
        return msgspec.json.decode(answer.data.result, type=list[Sampled])


def _address(url: str) -> URL:
    try:
        found = URL(url)
    except ValueError:
        found = URL()
    if found.scheme not in ("http", "https") or not found.host:
        raise ConfigError(f"{url!r} is no address of a Prometheus; write http://HOST:9090")
    return found


def _written(query: Query) -> tuple[str, dict[str, str]]:
    match query:
        case Instant(promql=promql, at=at):
            return "query", {"query": promql, "time": f"{at:.3f}"}
        case Range(promql=promql, start=start, end=end, step=step):
            times = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": str(step)}
            return "query_range", {"query": promql, **times}
