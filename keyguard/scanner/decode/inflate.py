"""Decompression that stops: never more output than asked for, whatever the input says."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Iterator
from typing import Protocol

from keyguard.scanner.decode.budget import RATIO, SMALL

_CHUNK = 1 << 18
_XZ_MEMORY = 72 << 20
"""What the highest preset of xz needs, 64 MB of window, with something to spare."""


class _Engine(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Damaged(Exception):
    """The packed data is broken, cut off, or a bomb; the text says which."""


def stream(data: bytes, kind: str) -> Iterator[bytes]:
    """Unpacked pieces of at most 256 KB; `kind` is gzip, zlib, raw, bz2 or xz. Joined streams are read
    one after another, padding and rubbish after the last is left. Raises Damaged after what could be read,
    also when the output is beyond RATIO."""
    rest, total, first = data, 0, True
    while rest:
        engine = _engine(kind)
        pending: bytes | None = rest
        while pending is not None and not engine.eof:
            try:
                piece, pending = _step(engine, pending)
            except Exception as error:  # zlib.error, LZMAError, OSError: each library has its own
                if first or total == 0:
                    raise Damaged(f"damaged: {error}".lower()) from None
                return
            total += len(piece)
            if piece:
                yield piece
            if total > max(SMALL, RATIO * len(data)):
                raise Damaged(f"unpacks to more than {RATIO} times its size")
            if not piece and not pending and not engine.eof:
                raise Damaged("cut off")
        rest = engine.unused_data.lstrip(b"\0")
        first = False
        if kind in ("raw", "zlib"):
            return


def unpack(data: bytes, kind: str, limit: int) -> tuple[bytes, str]:
    """All that can be unpacked, at most `limit` bytes, and what went wrong, "" if nothing."""
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in stream(data, kind):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                return b"".join(pieces)[:limit], f"unpacks to more than {limit:,} bytes"
    except Damaged as damage:
        return b"".join(pieces), str(damage)
    return b"".join(pieces), ""


def _step(engine: _Engine, pending: bytes) -> tuple[bytes, bytes]:
    piece = engine.decompress(pending, _CHUNK)
    if hasattr(engine, "unconsumed_tail"):
        tail: bytes = engine.unconsumed_tail
        return piece, tail
    return piece, b""  # bz2 and lzma keep what they have not read themselves


def _engine(kind: str) -> _Engine:
    match kind:
        case "gzip":
            return zlib.decompressobj(31)
        case "zlib":
            return zlib.decompressobj(15)
        case "raw":
            return zlib.decompressobj(-15)
        case "bz2":
            return bz2.BZ2Decompressor()
        case _:
            return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
