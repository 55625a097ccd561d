"""Builds HTML and SVG that is escaped by construction: whatever is not `Markup` already is text.

Inline scripts, inline styles and links to elsewhere cannot be expressed, so the page's Content-Security-Policy holds.
"""

import re
from collections.abc import Iterable
from functools import cache
from html import escape

from catalog.errors import CatalogError

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*\Z")
_SPECIAL = re.compile(
    r"[&<>\"']"
)  # most text has none, and to see that is quicker than to replace
_VOID = frozenset({"br", "input", "link", "meta"})
_RAW = frozenset({"script", "style"})
_OURS = re.compile(r"(?:/(?!/)|#|\?)")
_ADDRESSES = frozenset({"href", "src"})


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


Child = Markup | str | float | None | Iterable["Child"]
Attribute = str | float | bool | None


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """One element. A trailing `_` of an attribute's name is dropped, others become `-`; None and False leave it out.

    Raises:
        CatalogError: the page must not hold such an element.
    """
    written = "".join(map(_attribute, attributes, attributes.values())) if attributes else ""
    opened = f"<{_element(name)}{written}>"
    if name in _VOID:
        return Markup(opened)
    if name in _RAW and children:
        raise CatalogError(f"<{name}> must not have a body: the page's policy forbids it")
    return Markup(f"{opened}{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Markup:
    """Several pieces one after another."""
    return Markup("".join(map(_text, children)))


def _text(child: Child) -> str:
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return escape(child, quote=False) if _SPECIAL.search(child) else child
    if child is None:
        return ""
    if isinstance(child, (int, float)):
        return str(child)
    return join(child)


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = _attribute_name(name)
    if value is True:
        return f" {name}"
    if name in _ADDRESSES and not _OURS.match(str(value)):
        raise CatalogError(f"{value!r} is not an address of ours")
    text = str(value)
    return f' {name}="{escape(text) if _SPECIAL.search(text) else text}"'


@cache
def _element(name: str) -> str:
    if not _NAME.match(name):
        raise CatalogError(f"{name!r} is not the name of an element")
    return name


@cache
def _attribute_name(name: str) -> str:
    written = name.removesuffix("_").replace("_", "-")
    if not _NAME.match(written) or written == "style" or written.startswith("on"):
        raise CatalogError(f"{written!r} is not an attribute that the page may have")
    return written
