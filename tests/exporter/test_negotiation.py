"""Which format and encoding a client gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.exposition import Format
from exporter.web.negotiation import accepts_gzip, exposition_format

OPENMETRICS = "application/openmetrics-text"
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "fmt"),
    [
        ("", Format.TEXT),
        ("*/*", Format.TEXT),
        ("text/html,application/xhtml+xml;q=0.9", Format.TEXT),
        ("text/plain", Format.TEXT),
        ("text/plain;version=0.0.4", Format.TEXT),
        (OPENMETRICS, Format.OPENMETRICS),
        (f"{OPENMETRICS}; version=1.0.0; charset=utf-8", Format.OPENMETRICS),
        (f'{OPENMETRICS}; version="1.0.0"', Format.OPENMETRICS),
        ("Application/OpenMetrics-Text", Format.OPENMETRICS),
        (PROMETHEUS_3, Format.OPENMETRICS),
        (f"{OPENMETRICS};version=0.0.1", Format.TEXT),
        (f"{OPENMETRICS};q=0", Format.TEXT),
        (f"{OPENMETRICS};q=0.3,text/plain;q=0.5", Format.TEXT),
        (f"{OPENMETRICS};q=0.5,text/plain;q=0.3", Format.OPENMETRICS),
        (f"{OPENMETRICS};q=much", Format.TEXT),
        ("application/json", Format.TEXT),
        (";;,,==", Format.TEXT),
    ],
)
def test_format(accept: str, fmt: Format) -> None:
    """The best that we write; text for whoever names nothing that we do."""
    assert exposition_format(accept) is fmt


@pytest.mark.parametrize(
    ("accept_encoding", "gzip"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("deflate, gzip;q=0.1", True),
        ("gzip;q=0", False),
        ("identity", False),
        ("*", True),
        ("*;q=0", False),
        ("*;q=0, gzip", True),
        ("gzip;q=x", False),
    ],
)
def test_encoding(accept_encoding: str, gzip: bool) -> None:  # noqa: FBT001 - a table's column
    """Gzip for those who take it, the plain text for all others."""
    assert accepts_gzip(accept_encoding) is gzip


@given(st.text() | st.from_regex(r"([a-z/+]*(;[a-z]*=[0-9.a-z\"]*)*,?)*", fullmatch=True))
def test_no_header_breaks_it(header: str) -> None:
    """Whatever a client sends it gets an answer."""
    assert exposition_format(header) in Format
    assert accepts_gzip(header) in (True, False)
