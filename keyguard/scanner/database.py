"""Hyperscan's compiled form of a set of literals, kept between runs below the home.

A cache is never trusted: its name says for which literals, which Hyperscan and which machine it was made,
its digest is checked before Hyperscan sees it, Hyperscan refuses what another processor made, and the
first and last literal must be found. Whatever fails, it is compiled and written anew.

A digest is no proof of who wrote it, and Hyperscan believes what it loads. So a file counts only if it and
its folder belong to this user and nobody else may write there; a link counts for nothing.
"""

from __future__ import annotations

import hashlib
import os
import platform
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import hyperscan

_MARK = b"keyguard literals 1\n"
_LIMIT = 64_000_000
_DIGEST = 32
_KEPT = 4
"""A project with rules of its own has literals of its own."""


def obtain(literals: list[bytes], cache: Path | None) -> Any:
    """A Hyperscan database that reports the number of each literal found; from `cache` if it can be."""
    if cache is None:
        return _compile(literals)
    file = cache / f"literals-{_name(literals)}.hs"
    known = _read(file, literals)
    if known is None:
        known = _compile(literals)
        _write(file, hyperscan.dumpb(known))
    return known


def _compile(literals: list[bytes]) -> Any:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    count = len(literals)
    database.compile(
        expressions=literals,
        ids=list(range(count)),
        elements=count,
        flags=[hyperscan.HS_FLAG_CASELESS] * count,
        literal=True,
    )
    return database


def _name(literals: list[bytes]) -> str:
    digest = hashlib.sha256()
    for part in (
        getattr(hyperscan, "__version__", "").encode(),
        platform.machine().encode(),
        _features(),
        *literals,
    ):
        digest.update(len(part).to_bytes(4, "big") + part)
    return digest.hexdigest()[:32]


def _features() -> bytes:
    """What this processor can do, where the system tells; elsewhere Hyperscan's own check has to do."""
    with suppress(OSError), Path("/proc/cpuinfo").open("rb") as file:
        for line in file:
            if line.startswith((b"flags", b"Features")):
                return line
    return b""


def _read(file: Path, literals: list[bytes]) -> Any:
    content = _own_bytes(file)
    head = len(_MARK) + _DIGEST
    saved = content[head:]
    whole = content.startswith(_MARK) and content[len(_MARK) : head] == hashlib.sha256(saved).digest()
    if not whole or len(content) > _LIMIT:
        return None
    try:
        database = hyperscan.loadb(saved, hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
        return database if _finds(database, literals) else None
    except hyperscan.error:
        return None


def _finds(database: Any, literals: list[bytes]) -> bool:
    seen: set[int] = set()
    for number in (0, len(literals) - 1):
        database.scan(literals[number], match_event_handler=lambda which, *_: seen.add(which))
    return {0, len(literals) - 1} <= seen


def _own_bytes(file: Path) -> bytes:
    """What a file of ours holds; nothing of one that somebody else could have written."""
    with suppress(OSError):
        if not _ours(file.parent.lstat(), stat.S_ISDIR):
            return b""
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as opened:
            if _ours(os.fstat(descriptor), stat.S_ISREG):
                return opened.read(_LIMIT + 1)
    return b""


def _ours(facts: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """Whether this user owns it and nobody else may write to it. Windows has neither user ids nor these
    bits: there the folder lies in the user's profile."""
    if not hasattr(os, "geteuid"):
        return is_kind(facts.st_mode)
    return is_kind(facts.st_mode) and facts.st_uid == os.geteuid() and not facts.st_mode & 0o022


def _write(file: Path, saved: bytes) -> None:
    """Write for the owner alone, whole or not at all; a cache that cannot be written is none."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, exist_ok=True)
        if not _ours(file.parent.lstat(), stat.S_ISDIR):
            return
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(_MARK + hashlib.sha256(saved).digest() + saved)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
        made = sorted(file.parent.glob("literals-*.hs"), key=lambda path: path.stat().st_mtime_ns)
        for other in made[:-_KEPT]:
            other.unlink(missing_ok=True)
