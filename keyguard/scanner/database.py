"""Hyperscan's compiled form of a set of expressions, kept between runs below the home.

A cache is never trusted: its name says for which expressions, which Hyperscan and which machine it was made,
its digest is checked before Hyperscan sees it, Hyperscan refuses what another processor made, and the
first and last literal must be found. Whatever fails, it is compiled and written anew.

A digest is no proof of who wrote it, and Hyperscan believes what it loads. So a file counts only if it and
its folder belong to this user and nobody else may write there; a link counts for nothing.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import hyperscan

from keyguard.scanner import cache as store

_MARK = b"keyguard literals 2\n"
_LIMIT = 64_000_000
_KEPT = 16
"""A project with rules of its own has literals of its own; the bundled rules have six files."""


class Sought(NamedTuple):
    """What to look for, without regard to ASCII case: the literals, of which those in `once` are reported
    only the first time, then the expressions (without assertions, which Hyperscan does not know)."""

    literals: tuple[bytes, ...]
    once: frozenset[bytes] = frozenset()
    expressions: tuple[bytes, ...] = ()


def obtain(sought: Sought, cache: Path | None) -> Any:
    """A Hyperscan database that reports the number of each literal or expression found, counted through;
    from `cache` if it can be."""
    if cache is None:
        return _compile(sought)
    file = cache / f"literals-{_name(sought)}.hs"
    known = _read(file, sought)
    if known is None:
        known = _compile(sought)
        _write(file, hyperscan.dumpb(known))
    return known


def _compile(sought: Sought) -> Any:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    expressions = [b"".join(b"\\x%02x" % byte for byte in literal) for literal in sought.literals]
    expressions += sought.expressions
    flags = [hyperscan.HS_FLAG_CASELESS] * len(expressions)
    for number, literal in enumerate(sought.literals):
        if literal in sought.once:
            flags[number] |= hyperscan.HS_FLAG_SINGLEMATCH
    count = len(expressions)
    database.compile(expressions=expressions, ids=list(range(count)), elements=count, flags=flags)
    return database


def _name(sought: Sought) -> str:
    digest = hashlib.sha256()
    for part in (
        getattr(hyperscan, "__version__", "").encode(),
        _machine(),
        _features(),
        *(b"%d" % (literal in sought.once) + literal for literal in sought.literals),
        b"",
        *sought.expressions,
    ):
        digest.update(len(part).to_bytes(4, "big") + part)
    return digest.hexdigest()[:32]


def _machine() -> bytes:
    if hasattr(os, "uname"):
        return os.uname().machine.encode()
    return os.environ.get("PROCESSOR_ARCHITECTURE", "").encode()  # Windows


def _features() -> bytes:
    """What this processor can do, where the system tells; elsewhere Hyperscan's own check has to do."""
    with suppress(OSError), Path("/proc/cpuinfo").open("rb") as file:
        for line in file:
            if line.startswith((b"flags", b"Features")):
                return line
    return b""


def _read(file: Path, sought: Sought) -> Any:
    content = store.read(file, _LIMIT)
    if content is None or not content.startswith(_MARK):
        return None
    saved = content[len(_MARK) :]
    try:
        database = hyperscan.loadb(saved, hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
        return database if _finds(database, sought.literals) else None
    except hyperscan.error:
        return None


def _finds(database: Any, literals: tuple[bytes, ...]) -> bool:
    seen: set[int] = set()
    asked = {0, len(literals) - 1} if literals else set()
    for number in asked:
        database.scan(literals[number], match_event_handler=lambda which, *_: seen.add(which))
    return asked <= seen


def _write(file: Path, saved: bytes) -> None:
    store.write(file, _MARK + saved, "literals-*.hs", _KEPT)
