"""Hyperscan's compiled form of a set of literals, kept between runs below the home.

A cache is never trusted: its name says for which literals, which Hyperscan and which machine it was made,
its digest is checked before Hyperscan sees it, Hyperscan refuses what another processor made, and the
first and last literal must be found. Whatever fails, it is compiled and written anew.
"""

from __future__ import annotations

import hashlib
import platform
from contextlib import suppress
from pathlib import Path
from typing import Any

import hyperscan

from keyguard.scanner import cache as store

_MARK = b"keyguard literals 2\n"
_LIMIT = 64_000_000
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
    content = store.read(file, _LIMIT)
    if content is None or not content.startswith(_MARK):
        return None
    saved = content[len(_MARK) :]
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


def _write(file: Path, saved: bytes) -> None:
    store.write(file, _MARK + saved, "literals-*.hs", _KEPT)
