"""Which format and encoding a client wants."""

from collections.abc import Iterator

from exporter.exposition import Format

_KNOWN = {"application/openmetrics-text": Format.OPENMETRICS, "text/plain": Format.TEXT}
_VERSIONS = {Format.OPENMETRICS: frozenset({"", "1.0.0"}), Format.TEXT: frozenset({"", "0.0.4"})}


def exposition_format(accept: str) -> Format:
    """The format that *accept* (RFC 9110, 12.5.1) likes best; text if it names none that we write."""
    best, quality = Format.TEXT, 0.0
    for media, parameters, weight in _ranges(accept):
        fmt = _KNOWN.get(media)
        if fmt and parameters.get("version", "") in _VERSIONS[fmt] and weight > quality:
            best, quality = fmt, weight
    return best


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether *accept_encoding* allows gzip."""
    weights = {coding: weight for coding, _, weight in _ranges(accept_encoding)}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _ranges(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for part in header.split(","):
        name, *rest = (piece.strip() for piece in part.split(";"))
        parameters = dict(_pair(piece) for piece in rest)
        yield name.lower(), parameters, _weight(parameters.get("q", "1"))


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
