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

_OBJECT = re.compile(rb"(?<!\d)(\d+) \d+ obj\b(.*?)(?:\bstream\r?\n|\bendobj\b)", re.DOTALL)
_LENGTH = re.compile(rb"/Length\s+(\d+)(?!\s+\d+\s+R)")
_FILTER = re.compile(rb"/Filter\s*(?:\[([^\]]*)\]|/(\w+))")
_STRING = re.compile(rb"\(((?:[^()\\]|\\.)*)\)|<((?:[0-9A-Fa-f]{2}|\s)+)>", re.DOTALL)
_JOINS = (("", ""), ("\n", ""), ("", "\n"))
"""What stands between runs and at the end of marked content. A long text is broken into runs, but two words
are not one; and a cell's text is one piece of marked content."""
_BOXED = re.compile(r"(?<=^.)\n(?=.$)", re.MULTILINE)
"""Between letters that stand alone: the template sets long texts without a space letter by letter."""
_TEXT_OBJECT = re.compile(rb"\bBT\b.*\bET\b", re.DOTALL)
_FONTS = re.compile(rb"/Font\s*<<([^<>]*)>>")
_NAMED = re.compile(rb"/(\w+)\s+(\d+)\s+\d+\s+R")
_TO_UNICODE = re.compile(rb"/ToUnicode\s+(\d+)\s")
_SHOWN = re.compile(
    rb"\b(EMC)\b|/(\w+)\s+-?[\d.]+\s+Tf\b|((?:\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f\s]*>))\s*(?:Tj|'|\")|\[((?:\((?:[^()\\]|\\.)*\)|[^\]()])*)\]\s*TJ",
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
    heads, streams = _split(data)
    parts = [*heads.values(), data[data.rfind(b"trailer") :], *filter(_is_text, streams.values())]
    yield (
        "strings",
        "\n".join(text for part in parts for text in _strings(part)).encode("utf-8", "replace"),
        True,
    )
    for number, stream in streams.items():
        yield (
            f"object {number}",
            stream,
            _is_text(stream) and b" Tf" not in stream,
        )  # the text of pages is below
    maps = _unicode_maps(heads, streams)
    pages = [stream for stream in streams.values() if _is_text(stream) and _TEXT_OBJECT.search(stream)]
    shown = [text for stream in pages for text in _shown(stream, maps)]
    for between, end in _JOINS:
        text = _BOXED.sub("", between.join(end if one is None else one for one in shown))
        yield "text", text.encode("utf-8", "replace"), True


def _split(data: bytes) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Objects by number, apart from their streams; streams unpacked. A number that an update gives again
    has its place in the update added."""
    heads: dict[str, bytes] = {}
    streams: dict[str, bytes] = {}
    at = 0
    while (found := _OBJECT.search(data, at)) is not None:
        number = found[1].decode()
        while number in heads:
            number += "'"
        heads[number] = found[2]
        at = found.end()
        if not found[0].endswith(b"endobj"):
            end = _end(data, found[2], at)
            streams[number] = _unpack(found[2], data[at:end])
            at = end
    return heads, streams


def _end(data: bytes, head: bytes, at: int) -> int:
    """Where a stream ends: as its length says, or at the next mark where that is not true."""
    length = _LENGTH.search(head)
    end = at + int(length[1]) if length else at
    if length is None or data[end : end + 12].lstrip()[:9] != b"endstream":
        end = data.find(b"endstream", at)
    if end < 0:
        raise Unreadable("a stream has no end")
    return end


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


def _unicode_maps(heads: dict[str, bytes], streams: dict[str, bytes]) -> dict[bytes, list[dict[int, str]]]:
    """What glyphs mean, by the name a page gives a font; two pages may mean two fonts by one name."""
    found: dict[bytes, dict[str, dict[int, str]]] = {}
    for body in (one for head in heads.values() for one in _FONTS.findall(head)):
        for name, number in _NAMED.findall(body):
            told = _TO_UNICODE.search(heads.get(number.decode(), b""))
            stream = told[1].decode() if told else ""
            if stream in streams and stream not in found.setdefault(name, {}):
                found[name][stream] = _unicode_map(streams[stream])
    return {name: list(maps.values()) for name, maps in found.items()}


def _unicode_map(stream: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
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


def _shown(stream: bytes, maps: dict[bytes, list[dict[int, str]]]) -> Iterator[str | None]:
    """The text of each run, None at the end of marked content; spacing within a run is left out."""
    font = b""
    for end, name, single, several in _SHOWN.findall(stream):
        if end:
            yield None
        elif name:
            font = name
        elif not maps.get(font):
            raise Unreadable("a font does not tell what its glyphs mean")
        else:
            run = b"".join(_raw(*parts) for parts in _STRING.findall(single or several))
            yield from (_decode(run, glyphs) for glyphs in maps[font])


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
