"""gzip, bzip2 and xz: one packed file without a name, or a tar that is read as it unpacks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from keyguard.scanner.content import Content
from keyguard.scanner.decode import tar
from keyguard.scanner.decode.budget import Budget, Exhausted
from keyguard.scanner.decode.inflate import Damaged, stream
from keyguard.scanner.decode.layers import Layers, Packed, Problem
from keyguard.scanner.sources.files import megabytes

_KINDS = {b"\x1f\x8b": "gzip", b"BZ": "bz2", b"\xfd7": "xz"}
_ENDINGS = (".gz", ".bz2", ".xz", ".gzip")
_SHORT = {".tgz": ".tar", ".tbz": ".tar", ".tbz2": ".tar", ".txz": ".tar", ".svgz": ".svg"}


def read(content: Content, path: str, budget: Budget) -> Layers:
    """Yield what was packed. A tar inside is not held as a whole, so it may be larger than a file may."""
    pieces = _spent(stream(content.data, _KINDS[content.data[:2]]), budget)
    head = b""
    try:
        for piece in pieces:
            head += piece
            if len(head) >= tar.BLOCK:
                break
        if tar.is_tar(head):
            yield from tar.members(chain([head], pieces), budget)
            return
    except Damaged as damage:
        yield from _some(head, path, str(damage))
        return
    parts, size = [head], len(head)
    try:
        for piece in pieces:
            parts.append(piece)
            size += len(piece)
            if size > budget.member:
                yield from _some(
                    b"".join(parts),
                    path,
                    f"unpacks to more than {megabytes(budget.member)}; its beginning was read",
                )
                return
    except Damaged as damage:
        yield from _some(b"".join(parts), path, str(damage))
        return
    yield Packed("!/" + _name(path), b"".join(parts))


def _some(data: bytes, path: str, reason: str) -> Layers:
    if data:
        yield Packed("!/" + _name(path), data)
    yield Problem("", reason)


def _spent(pieces: Iterator[bytes], budget: Budget) -> Iterator[bytes]:
    for piece in pieces:
        try:
            budget.spend(len(piece))
        except Exhausted as end:
            raise Damaged(str(end)) from None
        yield piece


def _name(path: str) -> str:
    """The name a file had before it was packed, as gunzip would give it."""
    name = path.rpartition("/")[2]
    low = name.lower()
    for ending in _ENDINGS:
        if low.endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    for ending, other in _SHORT.items():
        if low.endswith(ending):
            return name[: -len(ending)] + other
    return "content"
