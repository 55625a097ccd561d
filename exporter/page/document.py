"""The frame around every page: head, banner, footer."""

from dataclasses import dataclass

from exporter.page import address, assets, icon
from exporter.page.markup import Child, Markup, join, tag
from exporter.page.scene import About

_LINKS = (
    ("/metrics", "Metrics"),
    ("/api/v1/gpus", "GPUs as JSON"),
    ("/api/v1/events", "Events as JSON"),
    ("/healthz/gpus", "Health"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page.

    Attributes:
        live: the address of its updates, empty if nothing on it changes.
    """

    title: str
    main: Markup
    freshness: Markup | None = None
    status: Markup | None = None
    live: str = ""


def document(page: Page, about: About) -> Markup:
    """The whole page."""
    return join(
        (
            Markup("<!doctype html>"),
            tag("html", _head(page), _body(page, about), lang="en"),
        )
    )


def _head(page: Page) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("title", f"{page.title} · GPU Vitals"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", type="image/svg+xml", href=assets.address("icon.svg")),
        tag("link", rel="stylesheet", href=assets.address("gpuvitals.css")),
        # Not deferred: it sets the remembered theme before anything is painted.
        tag("script", src=assets.address("gpuvitals.js")),
    )


def _body(page: Page, about: About) -> Markup:
    return tag(
        "body",
        tag("a", "Skip to content", class_="skip", href="#main"),
        _banner(page, about),
        page.status,
        page.main,
        _footer(about),
        data_live=page.live or None,
        data_version=assets.version(),
    )


def _banner(page: Page, about: About) -> Markup:
    return tag(
        "header",
        tag(
            "a",
            icon.logo(),
            tag("span", "GPU Vitals", class_="product"),
            tag("span", about.node, class_="node"),
            class_="home",
            href=address.OVERVIEW,
            aria_label=f"GPU Vitals, overview of {about.node}",
        ),
        tag(
            "div",
            page.freshness,
            tag("button", "Theme", id="theme", type="button", hidden=True),
            class_="tools",
        ),
        class_="banner",
    )


def _footer(about: About) -> Markup:
    links: list[Child] = [tag("li", tag("a", text, href=address)) for address, text in _LINKS]
    return tag(
        "footer",
        tag("p", f"GPU Vitals {about.version} · all times are UTC"),
        tag("nav", tag("ul", links), aria_label="For machines"),
    )
