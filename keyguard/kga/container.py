"""The ZIP file of a bundle (KGA/1 §3): one form for the same entries, and no other is read.

Entries are stored, not compressed: a compressed stream has many spellings of the same content, so a changed
byte could go unnoticed, and another zlib would write other bytes. Nothing can be a bomb then, either.

Reading does not use the general reader: that one searches for what looks like an archive and forgives what
does not fit. Here the local headers, the central directory and the end record must follow each other without
a byte between, before or after them, and say the same.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from keyguard.kga.verdict import Malformed

MAX_ENTRIES = 10_000
MAX_SIZE = 2 * 1024**3

_NAME = re.compile(r"[a-z0-9._/-]{1,120}")
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_DAY = (1 << 5) | 1
"""1980-01-01 as DOS has it; its time of day is 0."""
_VERSION = 20
_MADE_BY = 3 << 8 | _VERSION
"""Unix, whose file modes the directory holds."""
_FILE_MODE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    crc: int
    size: int
    offset: int

    def described(self) -> tuple[int, ...]:
        """What both headers say of it, from the version needed to the length of extra fields."""
        return (_VERSION, 0, 0, 0, _DAY, self.crc, self.size, self.size, len(self.name), 0)


def pack(entries: Mapping[str, bytes]) -> bytes:
    """The bytes of the file; ValueError for a name that has no place in a bundle."""
    parts: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name in sorted(entries):
        if (reason := _misnamed(name)) is not None:
            raise ValueError(f"{name}: {reason}")
        data, raw = entries[name], name.encode()
        same = _Entry(name, zlib.crc32(data), len(data), offset).described()
        local = _LOCAL.pack(b"PK\x03\x04", *same) + raw
        directory.append(_CENTRAL.pack(b"PK\x01\x02", _MADE_BY, *same, 0, 0, 0, _FILE_MODE, offset) + raw)
        parts += [local, data]
        offset += len(local) + len(data)
    central = b"".join(directory)
    end = _END.pack(b"PK\x05\x06", 0, 0, len(entries), len(entries), len(central), offset, 0)
    return b"".join([*parts, central, end])


def unpack(data: bytes) -> dict[str, bytes]:
    """The entries by name, in their order; Malformed for a file that `pack` could not have made."""
    if len(data) > MAX_SIZE:
        raise Malformed(f"more than {MAX_SIZE} bytes")
    return {entry.name: _content(data, entry) for entry in _directory(data)}


def _directory(data: bytes) -> Iterator[_Entry]:
    if len(data) < _END.size:
        raise Malformed("not a ZIP file")
    mark, disk, start_disk, here, count, size, start, comment = _END.unpack_from(data, len(data) - _END.size)
    if mark != b"PK\x05\x06" or disk or start_disk or here != count or comment:
        raise Malformed("the ZIP file does not end where its directory says")
    if count > MAX_ENTRIES:
        raise Malformed(f"more than {MAX_ENTRIES} entries")
    if start + size + _END.size != len(data):
        raise Malformed("bytes stand before, between or after the parts of the ZIP file")
    at, offset, last = start, 0, ""
    for _ in range(count):
        entry, at = _central(data, at, start + size)
        if entry.name <= last:
            raise Malformed(f"entries are not sorted, or one stands twice: {entry.name}")
        if entry.offset != offset:
            raise Malformed(f"bytes stand before {entry.name} that belong to no entry")
        offset = _begin(data, entry) + entry.size
        last = entry.name
        yield entry
    if at != start + size or offset != start:
        raise Malformed("the ZIP file's directory does not fill its place")


def _central(data: bytes, at: int, end: int) -> tuple[_Entry, int]:
    if at + _CENTRAL.size > end:
        raise Malformed("the ZIP file's directory is cut short")
    mark, by, *same = _CENTRAL.unpack_from(data, at)
    crc, size, name_size, offset = same[5], same[7], same[8], same[-1]
    at += _CENTRAL.size
    name = data[at : at + name_size].decode("latin-1")
    if at + name_size > end or (reason := _misnamed(name)) is not None:
        raise Malformed(f"{name!a}: {reason}" if at + name_size <= end else "the directory is cut short")
    entry = _Entry(name, crc, size, offset)
    if (mark, by) != (b"PK\x01\x02", _MADE_BY) or same != [*entry.described(), 0, 0, 0, _FILE_MODE, offset]:
        raise Malformed(f"{name} is not stored the way a bundle's entry is: as a plain file, not compressed")
    return entry, at + name_size


def _begin(data: bytes, entry: _Entry) -> int:
    """Where the entry's bytes begin; Malformed unless its local header says what the directory says."""
    if entry.offset + _LOCAL.size > len(data):
        raise Malformed(f"{entry.name} is cut short")
    begin = entry.offset + _LOCAL.size + len(entry.name)
    mark, *same = _LOCAL.unpack_from(data, entry.offset)
    named = data[begin - len(entry.name) : begin] == entry.name.encode()
    if mark != b"PK\x03\x04" or tuple(same) != entry.described() or not named:
        raise Malformed(f"{entry.name} is not what the ZIP file's directory says")
    return begin


def _content(data: bytes, entry: _Entry) -> bytes:
    begin = _begin(data, entry)
    content = data[begin : begin + entry.size]
    if zlib.crc32(content) != entry.crc:
        raise Malformed(f"{entry.name} is damaged: its checksum is another")
    return content


def _misnamed(name: str) -> str | None:
    if not _NAME.fullmatch(name):
        return "not a name of an entry"
    if name.startswith("/") or any(part in ("", ".", "..") for part in name.split("/")):
        return "a name that leads elsewhere"
    return None
