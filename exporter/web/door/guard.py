"""Looks at each request before anything else does: who asks, and whether all of it arrives."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import hdrs, web

from exporter.web import faults, health
from exporter.web.door import headers, origin
from exporter.web.door.credentials import Credentials
from exporter.web.door.doorway import Doorway
from exporter.web.door.record import Denial, caller
from exporter.web.door.users import Busy, Users

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_OPEN = frozenset({health.healthz, health.readyz})
"""Asked by the kubelet, which has no password; they tell nothing but that we live."""
_CHALLENGE = 401, {"WWW-Authenticate": 'Basic realm="gpuvitals", charset="UTF-8"'}
_ANSWERS: Mapping[Denial, tuple[int, Mapping[str, str]]] = {
    Denial.BUSY: (503, {"Retry-After": "1"}),
    Denial.CROSS_ORIGIN: (403, {}),
}
"""What those are told who need not give a password."""
_USER = web.RequestKey("user", str)
_BODY = web.RequestKey("body", bytes)


class Guard:
    """The middleware of the door."""

    def __init__(self, doorway: Doorway) -> None:
        self._door = doorway.door
        self._deadlines = doorway.deadlines
        self._record = doorway.record
        self._limits = doorway.limits

    def stand_before(self, app: web.Application) -> None:
        """See each request of *app* first, and each answer last."""
        app.middlewares.insert(0, self._identify)
        app.middlewares.insert(1, self._witness)
        app.middlewares.append(self._receive)  # its errors become JSON, too
        app.on_response_prepare.append(self._dress)

    @web.middleware
    async def _identify(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._deadlines.met(request.protocol)
        users = self._door.look().users
        if users and request.match_info.handler not in _OPEN:
            refusal = await self._refusal(request, users)
            if refusal is not None:
                return refusal
        if origin.foreign(request):
            user = request.get(_USER, "")
            return self._turn_away(request, Denial.CROSS_ORIGIN, origin.SAID, user)
        return await handler(request)

    async def _refusal(self, request: web.Request, users: Users) -> web.Response | None:
        given = Credentials.parse(request.headers.get(hdrs.AUTHORIZATION, ""))
        if given is None:
            return self._turn_away(
                request, Denial.NO_CREDENTIALS, "a user name and password are needed"
            )
        # An unknown name is not written down: it may be a password in the wrong field.
        name = given.name if given.name in users else ""
        try:
            if await users.know(given.name, given.password):
                request[_USER] = given.name
                return None
        except Busy:
            return self._turn_away(
                request, Denial.BUSY, "too many passwords are being checked", name
            )
        return self._turn_away(
            request, Denial.WRONG_CREDENTIALS, "wrong user name or password", name
        )

    def _turn_away(
        self, request: web.Request, reason: Denial, error: str, user: str = ""
    ) -> web.Response:
        who = caller(request.transport, user)
        self._record.denied(reason, who, method=request.method, path=request.path)
        status, extra = _ANSWERS.get(reason, _CHALLENGE)
        return web.json_response({"error": error}, status=status, headers=extra)

    @web.middleware
    async def _receive(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Wait for all of the body, so that nobody keeps a handler busy with a drip."""
        if request.can_read_body:
            try:
                async with asyncio.timeout(self._limits.request):
                    request[_BODY] = await request.read()
            except TimeoutError:
                who = caller(request.transport, request.get(_USER, ""))
                self._record.denied(Denial.SLOW, who, at="body", path=request.path)
                late = web.json_response({"error": "the body took too long"}, status=408)
                late.force_close()
                return late
        return await handler(request)

    @web.middleware
    async def _witness(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if request.match_info.handler is faults.inject:
            who = caller(request.transport, request.get(_USER, ""))
            fault = request.get(_BODY, b"").decode(errors="replace")
            self._record.fault(who, fault, response.status)
        return response

    async def _dress(self, _request: web.Request, response: web.StreamResponse) -> None:
        headers.dress(response, self._door.look().config.headers)
