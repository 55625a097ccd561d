"""Small shapes: each state has its own, so that no meaning hangs on colour alone."""

from types import MappingProxyType

from exporter.page.markup import Markup, tag

_SHAPES = MappingProxyType(
    {
        "ok": "M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9z",
        "degraded": "M6 1L11.5 10.5H.5z",
        "unhealthy": "M3.6 .5h4.8L11.5 3.6v4.8L8.4 11.5H3.6L.5 8.4V3.6z",
        "hung": "M1.5 1.5h3v9h-3zM7.5 1.5h3v9h-3z",
        "lost": "M2.2 .8L6 4.6L9.8 .8L11.2 2.2L7.4 6L11.2 9.8L9.8 11.2L6 7.4L2.2 11.2L.8 9.8L4.6 6L.8 2.2z",
        "recovering": "M6 1a5 5 0 0 1 0 10zM6 1a5 5 0 1 0 0 10v-1.4a3.6 3.6 0 1 1 0-7.2z",
        "unknown": "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10zM6 2.6a3.4 3.4 0 1 1 0 6.8a3.4 3.4 0 1 1 0-6.8z",
    }
)
_PULSE = "M1 12h5l2.5-7l5 14l2.5-7h7"


def shape(state: str) -> Markup:
    """The shape of *state*."""
    drawn = tag("path", d=_SHAPES.get(state, _SHAPES["unknown"]), fill_rule="evenodd")
    return tag("svg", drawn, class_="shape", viewBox="0 0 12 12", aria_hidden="true")


def badge(state: str) -> Markup:
    """Shape and word of *state*."""
    return tag("span", shape(state), state, class_=f"badge state-{state}")


def logo() -> Markup:
    """A pulse."""
    return tag(
        "svg", tag("path", d=_PULSE), class_="logo", viewBox="0 0 24 24", aria_hidden="true"
    )
