"""Hostile content costs work in proportion to its size: counted, not timed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyguard.scanner.compact import quick
from keyguard.scanner.engine import Engine
from keyguard.scanner.scans import scan_bytes, scan_tree
from keyguard.scanner.selection import Selection
from tests.unit.scanner.leaks import bybit, env

BOOK = quick()
SHORTEST = min(len(anchor) for rule in BOOK.rules for anchor in rule.anchors)
LONGEST = max(rule.longest for rule in BOOK.rules)
PIECES = st.sampled_from(
    [
        *(b"bybit", b"upbit secret key ", b"import pybit\n", b"secret: ", b'"key" = ', b"keyguard:allow"),
        *(b"-----BEGIN PRIVATE " + b"KEY-----", b"Ab1" * 12, b"a1" * 20, b"0123456789abcdef" * 3),
        *(b" " * 40, b"\n", b"{", b"}", b"\xff"),
    ]
)


def work(data: bytes) -> tuple[int, int]:
    """Pattern runs and the bytes they were given."""
    engine = Engine(BOOK)
    engine.scan(data, "hostile")
    return engine.work.runs, engine.work.run_bytes


@settings(max_examples=40, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=12).map(b"".join))
def test_the_work_is_linear_in_the_content(unit: bytes) -> None:
    for size in (10_000, 60_000):
        data = unit * (size // len(unit))
        runs, visited = work(data)
        # Regions of a rule do not overlap, and each lies about an anchor of its own.
        assert runs <= len(BOOK.rules) * (len(data) // SHORTEST + 1)
        assert visited <= len(BOOK.rules) * len(data) + runs * (LONGEST + 1)


def test_a_sparse_file_of_gigabytes_is_said_and_not_read(tmp_path: Path) -> None:
    with (tmp_path / "disk.img").open("wb") as file:
        os.truncate(file.fileno(), 5_000_000_000)
    (tmp_path / "a.env").write_text(env("bybit", *bybit()))
    scanned = scan_tree(Engine(BOOK), [tmp_path], Selection())
    assert [entry.path for entry in scanned.unread] == ["disk.img"]
    assert len(scanned.findings) == 1


@pytest.mark.parametrize("filler", [b"x", b"Ab1", b"bybit secret ", b"\x00"])
def test_one_line_of_megabytes(filler: bytes) -> None:
    line = filler * (5_000_000 // len(filler))
    data = line + b"\n" + env("bybit", *bybit()).encode()
    scanned = scan_bytes(Engine(BOOK), data, "min.js", len(data))
    assert len(scanned.findings) == 1
