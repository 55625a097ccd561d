"""Texts that a regular expression matches, for examples: the simplest ones, not all."""

import re
from collections.abc import Iterator
from itertools import product

_MOST = 8
_SIMPLE = re.compile(r"[^\\.^$*+?{}\[\]()|]")
_CLASS = re.compile(r"\[([^\]^\\])[^\]]*\]")
_ESCAPED = {"d": "0", "w": "a", "s": " ", "D": "a", "S": "a", "W": " "}
_QUANTIFIER = re.compile(r"[*+?]|\{(\d+)(,\d*)?\}")


def samples(pattern: str) -> Iterator[str]:
    """Up to a few texts that *pattern* matches as a whole; none if it is too intricate."""
    found = (text for text in _alternatives(pattern) if re.fullmatch(pattern, text))
    for number, text in enumerate(dict.fromkeys(found)):
        if number == _MOST:
            return
        yield text


def _alternatives(pattern: str) -> Iterator[str]:
    depth, begin = 0, 0
    for place, sign in enumerate(pattern):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "|" and depth == 0:
            yield from _sequence(pattern[begin:place])
            begin = place + 1
    yield from _sequence(pattern[begin:])


def _sequence(pattern: str) -> Iterator[str]:
    pieces: list[list[str]] = []
    rest = pattern
    while rest:
        choices, length = _piece(rest)
        rest = rest[length:]
        if quantifier := _QUANTIFIER.match(rest):
            least = int(quantifier[1]) if quantifier[1] else 1
            choices = [choice * least for choice in choices]
            rest = rest[quantifier.end() :].removeprefix("?")
        pieces.append(choices)
    for chosen in product(*pieces):
        yield "".join(chosen)


def _piece(rest: str) -> tuple[list[str], int]:
    """What the first piece of *rest* may be, and how long it is as written."""
    if rest[0] == "(":
        length = _closed(rest)
        inner = rest[1 : length - 1].removeprefix("?:")
        return list(_alternatives(inner))[:_MOST], length
    if one := _CLASS.match(rest):
        return [one[1]], one.end()
    if rest[0] == "\\" and len(rest) > 1:
        return [_ESCAPED.get(rest[1], rest[1])], 2
    if rest[0] == ".":
        return ["0", "a"], 1
    return ([rest[0]] if _SIMPLE.match(rest) else [""]), 1


def _closed(rest: str) -> int:
    depth = 0
    for place, sign in enumerate(rest):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth == 0:
            return place + 1
    return len(rest)
