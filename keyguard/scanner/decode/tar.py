"""tar, read as a stream: ustar, GNU long names, pax headers. Sizes are believed only as far as data goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keyguard.scanner.content import Content
from keyguard.scanner.decode.budget import Budget
from keyguard.scanner.decode.inflate import Damaged
from keyguard.scanner.decode.layers import Layers, Packed, Problem
from keyguard.scanner.sources.files import megabytes

BLOCK = 512
_CHUNK = 1 << 18
_NAMES = 1 << 16
"""Long names and pax headers are read up to this size."""
_FILES = b"\0" + b"07"


def read(content: Content, _path: str, budget: Budget) -> Layers:
    """Yield the files of a tar that is not compressed."""
    data = content.data
    yield from members((data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)), budget)


def is_tar(head: bytes) -> bool:
    """Whether a content begins with a tar header, told by its checksum: old tars have no signature."""
    if len(head) < BLOCK:
        return False
    block = head[:BLOCK]
    return _octal(block[148:156]) == sum(block[:148]) + 8 * 32 + sum(block[156:])


def members(pieces: Iterable[bytes], budget: Budget) -> Layers:
    """Yield the files of a tar that comes in pieces; raises Exhausted."""
    source = _Source(iter(pieces))
    name = ""
    try:
        while True:
            block = source.take(BLOCK)
            if not block.strip(b"\0"):
                return
            if not is_tar(block):
                yield Problem("", "damaged: a broken header")
                return
            kind = block[156:157]
            size = _octal(block[124:136])
            if kind in (b"L", b"x", b"X", b"g"):
                named = _long_name(kind, source.take(min(size, _NAMES)))
                source.skip(size - min(size, _NAMES) + -size % BLOCK)
                name = named or name
                continue
            budget.entry()
            shown = "!/" + (name or _name(block))
            name = ""
            if kind not in (b"\0", b"0", b"7", b"S"):
                source.skip(size + -size % BLOCK if kind not in b"123456" else 0)
                continue
            if size > budget.member:
                yield Problem(shown, f"larger than {megabytes(budget.member)}")
                source.skip(size + -size % BLOCK)
                continue
            data, whole = source.some(size)
            yield Packed(shown, data)
            if not whole:
                raise Damaged("cut off")
            source.skip(-size % BLOCK)
    except Damaged as damage:
        yield Problem("", str(damage))


class _Source:
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def some(self, size: int) -> tuple[bytes, bool]:
        """Up to `size` bytes, and whether there were as many; damage ends them too."""
        parts: list[bytes] = []
        left = size
        while left:
            if not self._rest:
                try:
                    self._rest = next(self._pieces, b"")
                except Damaged:
                    return b"".join(parts), False
                if not self._rest:
                    return b"".join(parts), False
            parts.append(self._rest[:left])
            self._rest = self._rest[left:]
            left -= len(parts[-1])
        return b"".join(parts), True

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes; at the end of all, zeros, which end a tar."""
        data, whole = self.some(size)
        if not whole and data:
            raise Damaged("cut off")
        return data

    def skip(self, size: int) -> None:
        while size > 0:
            if not self._rest:
                self._rest = next(self._pieces, b"")
                if not self._rest:
                    raise Damaged("cut off")
            step = min(size, len(self._rest))
            self._rest = self._rest[step:]
            size -= step


def _name(block: bytes) -> str:
    name = _text(block[:100])
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _long_name(kind: bytes, data: bytes) -> str:
    """The name of the next file by GNU's or pax's way; "" if this header gives none."""
    if kind == b"L":
        return _text(data)
    if kind == b"g":
        return ""
    _, found, after = data.partition(b" path=")
    return after.partition(b"\n")[0].decode("utf-8", "surrogateescape") if found else ""


def _octal(field: bytes) -> int:
    if field[0] & 0x80:  # GNU: a binary number, for large files
        return int.from_bytes(field[1:], "big")
    text = field.strip(b" \0")
    return int(text, 8) if text and not text.strip(b"01234567") else 0
