"""Addresses of our own pages."""

from urllib.parse import quote

OVERVIEW = "/"


def gpu(uuid: str, span: str = "", at: float | None = None) -> str:
    """The page of one GPU; *at* is what its charts are around."""
    moment = "" if at is None else f"&at={at:.0f}"
    return f"/gpus/{quote(uuid, safe='')}" + (f"?range={span}{moment}" if span else "")


def live(uuid: str = "") -> str:
    """The updates of the overview, or of the page of one GPU."""
    return f"/live?gpu={quote(uuid, safe='')}" if uuid else "/live"
