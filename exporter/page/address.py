"""Addresses of our own pages."""

from urllib.parse import quote

OVERVIEW = "/"


def gpu(uuid: str, span: str = "") -> str:
    """The page of one GPU."""
    return f"/gpus/{quote(uuid, safe='')}" + (f"?range={span}" if span else "")


def live(uuid: str = "") -> str:
    """The updates of the overview, or of the page of one GPU."""
    return f"/live?gpu={quote(uuid, safe='')}" if uuid else "/live"
