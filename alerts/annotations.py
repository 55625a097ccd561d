"""The annotations of a rule as Prometheus would render them, for whoever raises the same alert without it.

Templates are Prometheus' own (https://prometheus.io/docs/prometheus/latest/configuration/template_reference/); what ours do not use
is not understood and refused.
"""

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from urllib.parse import quote_plus

from catalog.errors import CatalogError

_ACTION = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL)
_KNOWN = re.compile(
    r"\s*(?:\$labels\.(?P<label>\w+)|(?P<value>\$value))\s*(?:\|\s*(?P<pipe>\w+)\s*)?\Z"
)
_NOW = re.compile(r'\s*now\s*\|\s*printf\s*"%\.0f"\s*\Z')
_PIPES: Mapping[str, Callable[[str], str]] = MappingProxyType({"urlquery": quote_plus})


def render(template: str, labels: Mapping[str, str], value: float, now: float) -> str:
    """*template* with the labels and the value of one alert, evaluated at *now*, seconds since 1970.

    Raises:
        CatalogError: it holds something that is not understood.
    """
    return _ACTION.sub(lambda found: _rendered(found[1], labels, value, now), template)


def _rendered(action: str, labels: Mapping[str, str], value: float, now: float) -> str:
    if _NOW.match(action):
        return f"{now:.0f}"
    known = _KNOWN.match(action)
    if known is None or (known["pipe"] and known["pipe"] not in _PIPES):
        raise CatalogError(f"the template {{{{{action}}}}} is not understood here")
    text = number(value) if known["value"] else labels.get(known["label"], "")
    return _PIPES[known["pipe"]](text) if known["pipe"] else text


def number(value: float) -> str:
    """*value* as Go prints it: the shortest digits, with an exponent below 1e-4 and from 1e6 on."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return repr(value).removesuffix(".0")
    digits, exponent = f"{Decimal(repr(value)).normalize():e}".split("e")
    return f"{digits}e{int(exponent):+03d}"
