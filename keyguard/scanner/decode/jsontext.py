"""JSON whose strings know where they stand, so that decoded text leads back to bytes of the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from keyguard.scanner.content import Content
from keyguard.scanner.decode.layers import Builder

_STRING = re.compile(rb'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_ESCAPES = re.compile(
    rb"(?P<colour>\\u001[bB]\[[0-9;]{0,20}m)|(?:\\u[0-9a-fA-F]{4})++|(?:\\[^u])++", re.DOTALL
)
_PARTS = 1_000_000
"""More lists, objects and entries than this are not built: each costs a hundred bytes of memory."""


class TooComplex(Exception):
    """The JSON is broken, too deep or too large to build; the text says which."""


@dataclass(frozen=True, slots=True)
class String:
    """A string as it stands in the content, between its quotes."""

    text: str
    low: int
    high: int


class Pairs(list[tuple[Any, Any]]):
    """An object in the order it was written, with repeated names."""

    def get(self, name: str) -> Any:
        """The last value of that name, None if there is none."""
        return next((value for key, value in reversed(self) if key.text == name), None)


def parse(content: Content) -> Any:
    """Return objects as Pairs, lists, String, numbers; raises TooComplex."""
    text = content.text
    if text.count(b",") + text.count(b"[") + text.count(b"{") > _PARTS:
        raise TooComplex("JSON with too many parts")
    spans = (match.span(1) for match in _STRING.finditer(text))
    try:
        tree = json.loads(text.decode("utf-8", "replace"), object_pairs_hook=Pairs)
        return _located(tree, spans)
    except RecursionError:
        raise TooComplex("JSON nested too deeply") from None
    except (ValueError, StopIteration):
        raise TooComplex("broken JSON") from None


def items(value: Any) -> list[Any]:
    """A list as it is, anything else as none."""
    return value if isinstance(value, list) and not isinstance(value, Pairs) else []


def get(value: Any, *names: str) -> Any:
    """What stands under nested names, None if a step is missing."""
    for name in names:
        value = value.get(name) if isinstance(value, Pairs) else None
    return value


def strings(value: Any) -> Iterator[String]:
    """A string, or the strings of a list: how notebooks store lines."""
    if isinstance(value, String):
        yield value
    for one in items(value):
        if isinstance(one, String):
            yield one


def write(builder: Builder, content: Content, string: String) -> None:
    """Write a string without its escapes; what needed none stays byte for byte."""
    raw = content.text
    at = string.low
    for match in _ESCAPES.finditer(raw, string.low, string.high):
        if at < match.start():
            builder.copy(at, match.start())
        at = match.end()
        if not match["colour"]:
            builder.add(unescaped(match[0]), match.start(), at)
    if at < string.high:
        builder.copy(at, string.high)


def unescaped(escapes: bytes) -> bytes:
    """What a run of escapes stands for; itself if it is none."""
    try:
        text = json.loads(b'"' + escapes + b'"')
    except ValueError:
        return escapes
    return str(text).encode("utf-8", "replace")


def _located(value: Any, spans: Iterator[tuple[int, int]]) -> Any:
    """The parser and the pattern meet the same strings in the same order."""
    if isinstance(value, Pairs):
        return Pairs((_located(k, spans), _located(v, spans)) for k, v in value)
    if isinstance(value, list):
        return [_located(one, spans) for one in value]
    if isinstance(value, str):
        return String(value, *next(spans))
    return value
