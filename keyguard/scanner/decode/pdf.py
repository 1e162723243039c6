"""PDF text, as far as it is cheap: deflated streams and the strings of their text operators.

Fonts with an encoding of their own (most that are embedded as subsets) show glyph numbers, not letters;
their text is not found.
"""

from __future__ import annotations

import re

from keyguard.scanner.content import Content
from keyguard.scanner.decode.budget import Budget
from keyguard.scanner.decode.inflate import unpack
from keyguard.scanner.decode.layers import Builder, Layers, Problem

_STREAM = re.compile(rb"stream\r?\n")
_STRING = re.compile(
    rb"\((?P<text>(?:[^()\\]|\\.)*+)\)|<(?P<hex>[0-9A-Fa-f\s]{2,4000})>|(?P<line>\bT[dDm*]|\bET|['\"]\s)",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r?\n|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_STREAMS = 20_000


def read(content: Content, _path: str, budget: Budget) -> Layers:
    """Yield a view with a unit per stream (`#stream-4`)."""
    data = content.text
    builder = Builder(content)
    for number, match in enumerate(_STREAM.finditer(data), start=1):
        if number > _STREAMS:
            yield Problem("", f"more than {_STREAMS:,} streams")
            break
        end = data.find(b"endstream", match.end())
        if end < 0:
            yield Problem("", "cut off: a stream without its end")
            break
        head = data[max(0, match.start() - 400) : match.start()].rpartition(b" obj")[2]
        if b"/Image" in head or b"/FontFile" in head or b"/Length1" in head:
            continue
        packed = data[match.end() : end]
        body = packed
        if b"FlateDecode" in head:
            body, _ = unpack(packed, "zlib", min(budget.room(len(packed)), budget.member))
            budget.spend(len(body))
        if b"BT" in body:
            builder.unit(f"#stream-{number}")
            _write(builder, body, match.end(), end)
    if builder.size:
        yield builder.view()


def _write(builder: Builder, body: bytes, low: int, high: int) -> None:
    for match in _STRING.finditer(body):
        if match["line"]:
            builder.add(b"\n", low, high)
        elif match["hex"]:
            digits = bytes(match["hex"]).translate(None, b" \t\r\n\f")
            builder.add(bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode()), low, high)
        elif match["text"]:
            builder.add(_ESCAPE.sub(_plain, match["text"]), low, high)


def _plain(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code.isdigit():
        return bytes([int(code, 8) & 0xFF]) if code[0] in b"01234567" else code
    return b"" if code.endswith(b"\n") else _NAMED.get(code, code)
