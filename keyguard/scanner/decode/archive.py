"""zip, and all that is zip inside: jar, whl, apk, docx. Read by the central directory as unzip does, by the
headers before each file where that is broken or cut off, so that damage hides little."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from keyguard.scanner.content import Content
from keyguard.scanner.decode import sheets
from keyguard.scanner.decode.budget import Budget
from keyguard.scanner.decode.inflate import unpack
from keyguard.scanner.decode.layers import Layers, Packed, Problem
from keyguard.scanner.sources.files import megabytes

_LOCAL = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02"
_END = b"PK\x05\x06"
_METHODS = {8: "raw", 12: "bz2", 95: "xz"}
_ENCRYPTED, _STREAMED, _UTF8 = 1, 8, 0x800
_WIDE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Entry:
    """One packed file: where its data begins and how much there is. `size` is what the archive claims."""

    name: str
    method: int
    flags: int
    start: int
    packed: int
    size: int


def read(content: Content, _path: str, budget: Budget) -> Layers:
    """Yield the packed files, and the rows of a workbook; raises Exhausted."""
    data = content.data
    listed = list(_listed(data, budget))
    entries, problem = (listed, "") if listed else (list(_found(data, budget)), "damaged: no directory")
    for entry in entries:
        if entry.name.endswith("/"):
            continue
        budget.entry()
        yield from _member(data, entry, budget)
    if sheets.is_workbook({entry.name for entry in entries}):
        yield from _workbook(content, entries, budget)
    if problem and data[:4] == _LOCAL:
        yield Problem("", problem)


def _member(data: bytes, entry: Entry, budget: Budget) -> Layers:
    name = "!/" + entry.name
    if entry.flags & _ENCRYPTED:
        yield Problem(name, "encrypted")
    elif entry.size > budget.member:
        yield Problem(name, f"larger than {megabytes(budget.member)}")
    elif entry.method and entry.method not in _METHODS:
        yield Problem(name, f"packed by method {entry.method}, which is not known")
    else:
        out, reason = _unpacked(data, entry, budget)
        if out:
            yield Packed(name, out)
        if reason:
            yield Problem(name, reason)


def _unpacked(data: bytes, entry: Entry, budget: Budget) -> tuple[bytes, str]:
    packed = data[entry.start : entry.start + entry.packed]
    if not entry.method:
        out, reason = packed, "" if len(packed) == entry.packed else "cut off"
    else:
        limit = min(budget.room(len(packed)), budget.member)
        out, reason = unpack(packed, _METHODS[entry.method], limit)
    budget.spend(len(out))
    return out, reason


def _workbook(content: Content, entries: list[Entry], budget: Budget) -> Layers:
    parts = {}
    for entry in entries:
        if sheets.wants(entry.name) and not entry.flags & _ENCRYPTED and entry.method in (0, *_METHODS):
            parts[entry.name], _ = _unpacked(content.data, entry, budget)
    yield from sheets.views(content, parts, budget)


def _listed(data: bytes, budget: Budget) -> Iterator[Entry]:
    """The entries of the central directory; none if there is no sound one."""
    end = data.rfind(_END, max(0, len(data) - 66_000))
    if end < 0 or len(data) < end + 22:
        return
    size, at = struct.unpack_from("<II", data, end + 12)
    shift = 0
    if at != _WIDE:
        # Bytes before the archive (a self-extracting one) move everything in it.
        shift = max(0, end - size - at) if data[at : at + 4] not in (_CENTRAL, _END) else 0
        at += shift
    else:
        at = data.find(_CENTRAL)
    for _ in range(budget.entries + 1):
        if data[at : at + 4] != _CENTRAL or len(data) < at + 46:
            return
        flags, method = struct.unpack_from("<HH", data, at + 8)
        packed, full, names, extra, comment = struct.unpack_from("<IIHHH", data, at + 20)
        header = struct.unpack_from("<I", data, at + 42)[0]
        name = data[at + 46 : at + 46 + names]
        if _WIDE in (packed, full, header):
            full, packed, header = _zip64(
                data[at + 46 + names : at + 46 + names + extra], full, packed, header
            )
        at += 46 + names + extra + comment
        header += shift
        if data[header : header + 4] != _LOCAL or len(data) < header + 30:
            continue
        local_names, local_extra = struct.unpack_from("<HH", data, header + 26)
        yield Entry(_name(name, flags), method, flags, header + 30 + local_names + local_extra, packed, full)


def _found(data: bytes, budget: Budget) -> Iterator[Entry]:
    """The entries by their local headers, for an archive that lost its directory."""
    at = data.find(_LOCAL)
    for _ in range(budget.entries + 1):
        if at < 0 or len(data) < at + 30:
            return
        flags, method = struct.unpack_from("<HH", data, at + 6)
        packed, full, names, extra = struct.unpack_from("<IIHH", data, at + 18)
        start = at + 30 + names + extra
        if packed == _WIDE or (flags & _STREAMED and not packed):
            # The size stands behind the data. The next header ends it at the latest.
            following = data.find(_LOCAL, start)
            packed, full = (following if following >= 0 else len(data)) - start, 0
        yield Entry(_name(data[at + 30 : at + 30 + names], flags), method, flags, start, max(0, packed), full)
        at = data.find(_LOCAL, start + max(0, packed))


def _zip64(extra: bytes, *fields: int) -> tuple[int, int, int]:
    """Sizes and offset that did not fit, from the extra field; those that did, as they are."""
    values: list[int] = []
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            body = extra[at + 4 : at + 4 + size // 8 * 8]
            values = [int.from_bytes(body[i : i + 8], "little") for i in range(0, len(body), 8)]
            break
        at += 4 + size
    full, packed, header = (values.pop(0) if field == _WIDE and values else field for field in fields)
    return full, packed, header


def _name(name: bytes, flags: int) -> str:
    if flags & _UTF8:
        return name.decode("utf-8", "surrogateescape")
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("cp437")
