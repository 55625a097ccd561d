"""`POST /api/v1/faults`: let a fault happen in a simulated source."""

from collections.abc import Mapping

import msgspec
from aiohttp import web

from catalog.errors import CollectorError
from exporter.reader import ReaderProcess

READER = web.AppKey("reader", ReaderProcess)

# What a fault consists of: nothing nested, so nothing can be nested too deeply.
_Value = None | bool | int | float | str
_decoder = msgspec.json.Decoder(dict[str, _Value])


async def inject(request: web.Request) -> web.Response:
    """Pass on what the body asks for."""
    fault = parse(await request.read())
    try:
        await request.app[READER].inject(fault)
    except CollectorError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    return web.json_response({"accepted": dict(fault)}, status=202)


def parse(body: bytes) -> Mapping[str, object]:
    """The object that *body* holds; whether it is a fault is judged where the faults are.

    Raises:
        web.HTTPBadRequest: it holds none.
    """
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise web.HTTPBadRequest(
            text='the body must be an object such as {"gpu": 3, "kind": "hang"}, with nothing nested: '
            f"{error}"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise web.HTTPBadRequest(text=f"the body is not JSON: {error}") from error
