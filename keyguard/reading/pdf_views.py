"""What stands in a PDF, for the safety gate: its streams unpacked, the text of its pages, its strings.

Written for the files that typst and pyHanko make (streams plain or Flate, text by glyph number with a
`ToUnicode` map), and with nothing skipped in silence: another filter is an error, so a file that cannot be
read is not exported.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

LARGEST = 1 << 28
"""Bytes of one unpacked stream."""

_OBJECT = re.compile(rb"(?<!\d)\d+ \d+ obj\b(.*?)(?:\bstream\r?\n|\bendobj\b)", re.DOTALL)
_LENGTH = re.compile(rb"/Length\s+(\d+)(?!\s+\d+\s+R)")
_FILTER = re.compile(rb"/Filter\s*(?:\[([^\]]*)\]|/(\w+))")
_STRING = re.compile(rb"\(((?:[^()\\]|\\.)*)\)|<((?:[0-9A-Fa-f]{2}|\s)+)>", re.DOTALL)
_SHOWN = re.compile(
    rb"((?:\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f\s]*>))\s*(?:Tj|'|\")|\[((?:\((?:[^()\\]|\\.)*\)|[^\]()])*)\]\s*TJ",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\(\d{1,3}|\r\n|.)", re.DOTALL)
_ESCAPED = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"b": b"\b",
    b"f": b"\f",
    b"\n": b"",
    b"\r": b"",
    b"\r\n": b"",
}
_CHAR = re.compile(rb"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]+)>")
_RANGE = re.compile(rb"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]+)>")
_BLOCK = re.compile(rb"begin(bfchar|bfrange)(.*?)endbf", re.DOTALL)


class Unreadable(ValueError):
    """A part of the file is packed in a way that is not understood, so nobody can say what it holds."""


def views(data: bytes) -> Iterator[tuple[str, bytes, bool]]:
    """Places with their bytes, and whether these are text: streams, strings, and the text of all pages."""
    outside, streams = _split(data)
    maps = [found for one in streams if (found := _unicode_map(one))]
    strings = [text for part in (outside, *streams) if _is_text(part) for text in _strings(part)]
    yield "strings", "\n".join(strings).encode("utf-8", "replace"), True
    for number, stream in enumerate(streams, 1):
        yield f"stream {number}", stream, _is_text(stream)
    for number, glyphs in enumerate(maps, 1):
        shown = [_decode(run, glyphs) for stream in streams if _is_text(stream) for run in _runs(stream)]
        for separator in ("", "\n"):  # a long text is broken at the end of a line, two words are not one
            yield f"text by font {number}", separator.join(shown).encode("utf-8", "replace"), True


def _split(data: bytes) -> tuple[bytes, list[bytes]]:
    """The bytes outside of streams, and all streams unpacked."""
    outside, streams, at = [], [], 0
    while (found := _OBJECT.search(data, at)) is not None:
        outside.append(data[at : found.end()])
        at = found.end()
        if found[0].endswith(b"endobj"):
            continue
        head = found[1]
        length = _LENGTH.search(head)
        end = at + int(length[1]) if length else data.find(b"endstream", at)
        if not at <= end <= len(data) or data[end : end + 12].lstrip()[:9] != b"endstream":
            end = data.find(b"endstream", at)
        if end < 0:
            raise Unreadable("a stream has no end")
        streams.append(_unpack(head, data[at:end]))
        at = end
    outside.append(data[at:])
    return b"\n".join(outside), streams


def _unpack(head: bytes, packed: bytes) -> bytes:
    named = _FILTER.search(head)
    filters = [] if named is None else [named[2]] if named[2] else named[1].replace(b"/", b" ").split()
    for one in filters:
        if one != b"FlateDecode":
            raise Unreadable(f"a stream is packed by {one.decode('ascii', 'replace')}")
        try:
            engine = zlib.decompressobj()
            packed = engine.decompress(packed, LARGEST)
        except zlib.error:
            raise Unreadable("a stream cannot be unpacked") from None
        if engine.unconsumed_tail:
            raise Unreadable("a stream is too large")
    return packed


def _is_text(data: bytes) -> bool:
    """Fonts and pictures are not; words found in random bytes would mean nothing."""
    start = data[:2048]
    return not data or sum(byte < 9 or byte > 126 for byte in start) < len(start) // 4


def _unicode_map(stream: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    if b"begincmap" not in stream:
        return found
    for kind, body in _BLOCK.findall(stream):
        if kind == b"bfchar":
            found |= {int(glyph, 16): _utf16(text) for glyph, text in _CHAR.findall(body)}
            continue
        for first, last, text in _RANGE.findall(body):
            numbers = range(int(first, 16), int(last, 16) + 1)
            found |= {number: chr(int(text, 16) + number - numbers.start) for number in numbers}
    return found


def _utf16(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be", "replace")


def _runs(stream: bytes) -> Iterator[bytes]:
    """The glyph numbers of each run of text; spacing within a run is left out."""
    for single, several in _SHOWN.findall(stream):
        yield b"".join(_raw(*parts) for parts in _STRING.findall(single or several))


def _decode(run: bytes, glyphs: dict[int, str]) -> str:
    return "".join(glyphs.get(int.from_bytes(run[at : at + 2]), "") for at in range(0, len(run) - 1, 2))


def _strings(part: bytes) -> Iterator[str]:
    for parts in _STRING.findall(part):
        raw = _raw(*parts)
        if raw.startswith(b"\xfe\xff"):
            yield raw[2:].decode("utf-16-be", "replace")
        else:
            yield raw.decode("latin-1")


def _raw(literal: bytes, digits: bytes) -> bytes:
    if digits:
        return bytes.fromhex(digits.decode())
    return _ESCAPE.sub(_unescape, literal)


def _unescape(match: re.Match[bytes]) -> bytes:
    said = match[1]
    return bytes([int(said, 8) & 255]) if said.isdigit() else _ESCAPED.get(said, said)
