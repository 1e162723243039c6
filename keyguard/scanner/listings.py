"""Values that their places name: arguments of calls (`Client("key", "secret")`), rows (`("okx", "key",
"secret")`), and several assigned at once (`key, secret = "…", "…"`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from keyguard.scanner.context import Region
from keyguard.scanner.lazily import pattern
from keyguard.scanner.work import Work

_MOST = 8
"""More values than this are data."""
_BEFORE = 200
"""So far before a list its names, or what is called, are looked for."""
_LONGEST = 4_000
_OPENING = pattern(
    rb"[=(\[]\s{0,20}(?:(?:Some|bytes|bytearray|str|String::from|\[\]byte|Buffer\.from)\(\s?)?[bBrRuUlL@&]{0,2}[\"'`]"
)
_ITEM = pattern(
    rb"\s{0,20}(?:(?P<named>[\w.]{1,40}\s?=\s?)?(?:(?:[\w.:&]|\[\]){1,24}\(\s?){0,2}[bBrRuUlL@&]{0,2}"
    rb"(?P<quote>[\"'`])(?P<value>[^\"'`\r\n]{0,200})(?P=quote)(?:\.\w{1,16}\(\)|\)){0,3}"
    rb"|[^\"'`\r\n,;()\[\]{}]{1,60})\s{0,20}(?P<end>,|\Z|[)\]};\r\n])"
)
_LEFT = pattern(
    rb"(?:^|[\s({\[])((?:[\w.$]{1,60}\s{0,4},\s{0,4}){1,5}[\w.$]{1,60})\s{0,4}[\])]?\s{0,4}:?=\s{0,4}\Z"
)
_CALLEE = pattern(rb"[\w.:>-]{1,80}\Z")
_COLUMNS = pattern(rb"(?i)\)\s{0,20}values\s{0,4}\Z")
_NAMES = pattern(rb"[\w.$]+")
# What is called, by its last word, when its arguments may be a credential.
_TELLING = pattern(
    rb"(?i)client|api|auth|account|cred|login|connect|session|signer|init|new|create$|keys?$|exchange|build$|"
    rb"^(?:rest|http|spot|futures|trade|trading|private|websocket|ws|values)\Z"
)
_OTHER = pattern(rb"(?i)order|cancel|query|find|equal|assert|transfer|expect|log|print|format|replace|test")
_CONSTRUCTOR = pattern(rb"[A-Z]")


class Listed(NamedTuple):
    """Values in a row, each with its name or b"", and where each begins and ends. `begin` is where what
    names them begins; `telling`: that alone says that they may be a credential."""

    begin: int
    names: tuple[bytes, ...]
    spans: tuple[tuple[int, int], ...]
    telling: bool


def listings(text: bytes, where: Iterable[Region], work: Work) -> Iterator[Listed]:
    """Every list of two or more literals that opens in a region. Literals that stand apart from each other,
    with other arguments between them, are not told from neighbours."""
    done = 0
    for region in where:
        work.runs += 1
        work.run_bytes += region.end - region.start
        for match in _OPENING.finditer(text, max(done, region.start), region.end + 1):
            if match.start() < done:
                continue
            items, done = _items(text, match.start() + 1)
            spans = tuple(item.span("value") for item in items)
            if len(spans) > 1:
                named = tuple(item["named"] is not None for item in items)
                listed = _listed(text, match.start(), spans, named)
                if listed is not None:
                    yield listed


def _items(text: bytes, at: int) -> tuple[list[re.Match[bytes]], int]:
    """The literals of one list, and where it ends."""
    found: list[re.Match[bytes]] = []
    stop = at + _LONGEST
    for _ in range(_MOST):
        item = _ITEM.match(text, at, stop)
        if item is None:
            break
        at = item.end()
        if item["value"]:
            found.append(item)
        if item["end"] != b",":
            break
    return found, at


def _listed(
    text: bytes, opened: int, spans: tuple[tuple[int, int], ...], named: tuple[bool, ...]
) -> Listed | None:
    low = max(0, opened - _BEFORE)
    before = text[low : opened + text.startswith(b"=", opened)]
    if _COLUMNS.search(before):
        return None  # columns say what the values are, and `decode/sqldump.py` has read them so
    left = _LEFT.search(before)
    if left:
        names = tuple(_NAMES.findall(left[1]))
        if len(names) == len(spans):
            return Listed(low + left.start(1), names, spans, telling=True)
    places = tuple(span for span, has in zip(spans, named, strict=True) if not has)
    callee = _CALLEE.search(before)
    nameless = (b"",) * len(places)
    if callee is None or not text.startswith(b"(", opened):
        return Listed(places[0][0] if places else opened, nameless, places, telling=False)
    own = re.split(rb"[.:>-]+", callee[0])[-1]
    telling = _TELLING.search(own) is not None
    if not telling and _OTHER.search(own):
        return None
    telling = telling or _CONSTRUCTOR.match(own) is not None
    return Listed(opened - len(callee[0]), nameless, places, telling)
