"""Which parameters a request may have: an unknown one is a mistake, and leaving it out would answer another question."""

from collections.abc import Collection, Iterable

from aiohttp import web

from catalog.errors import HistoryError
from catalog.suggest import meant
from exporter.web.errors import Handler


def check(given: Iterable[str], known: Collection[str]) -> None:
    """Refuse names that are not *known*.

    Raises:
        HistoryError: there is one; the message says what was meant, or what there is.
    """
    for name in given:
        if name not in known:
            verb = "are" if len(known) > 1 else "is"
            every = f"there {verb} {', '.join(known) or 'none'}"
            raise HistoryError(f"there is no parameter {name!r}; {meant(name, known, every)}")


def taking(handler: Handler, *known: str) -> Handler:
    """*handler* for requests with these parameters and no others."""

    async def checked(request: web.Request) -> web.StreamResponse:
        check(request.query, known)
        return await handler(request)

    return checked
