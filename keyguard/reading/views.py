"""Every way in which an entry of a bundle can be read, for the safety gate."""

from __future__ import annotations

import base64
import binascii
import html
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from keyguard.reading import pdf_views
from keyguard.reading.pdf_views import Unreadable

LARGEST = 1 << 28
_TAGS = re.compile(rb"<[^<>]{0,4000}>")
_SPACE = re.compile(rb"(?:\s|\xe2\x80[\x8b-\x8f]|\xe2\x81[\xa0-\xa4]|\xef\xbb\xbf|\xc2\xad)+")
_ESCAPES = re.compile(rb"\\u([0-9A-Fa-f]{4})")


class View(NamedTuple):
    """One reading of an entry: where in it, the bytes, whether they are text (not a font or packed data)."""

    place: str
    data: bytes
    text: bool


def views(entry: str, data: bytes) -> Iterator[View]:
    """All readings; Unreadable where something is packed in a way that is not understood."""
    for place, found, text in _unpacked(entry, data):
        for reading in _spellings(found) if text else (found,):
            yield View(place, reading, text)


def _unpacked(entry: str, data: bytes) -> Iterator[tuple[str, bytes, bool]]:
    packed = data.startswith((b"%PDF", b"PK\x03\x04"))
    yield "", data, not packed
    if data.startswith(b"%PDF"):
        yield from pdf_views.views(data)
    elif data.startswith(b"PK\x03\x04"):
        yield from _parts(data)
    elif entry.endswith(".dsse.json"):
        yield "payload", _payload(data), True


def _parts(data: bytes) -> Iterator[tuple[str, bytes, bool]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(one.file_size for one in archive.infolist()) > LARGEST:
                raise Unreadable("the parts are too large")
            for name in archive.namelist():
                part = archive.read(name)
                yield name, part, True
                yield name, _TAGS.sub(b"\n", part), True
                yield name, _TAGS.sub(b"", part), True
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error) as error:
        raise Unreadable(f"the parts cannot be read: {type(error).__name__}") from None


def _payload(data: bytes) -> bytes:
    try:
        return base64.b64decode(json.loads(data)["payload"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise Unreadable("the envelope has no payload") from None


def _spellings(data: bytes) -> Iterator[bytes]:
    """As it is, and with the escapes of JSON, XML and URLs undone; each also without white space
    and characters of no width."""
    seen = [data]
    if _ESCAPES.search(data):
        seen.append(_ESCAPES.sub(lambda match: chr(int(match[1], 16)).encode("utf-8", "replace"), data))
    if b"&" in data:
        seen.append(html.unescape(data.decode("utf-8", "replace")).encode("utf-8", "replace"))
    if b"%" in data:
        seen.append(unquote_to_bytes(data))
    for one in dict.fromkeys(seen):
        yield one
        if (joined := _SPACE.sub(b"", one)) != one:
            yield joined
