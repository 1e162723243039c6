"""Hyperscan, the tree of literals and one literal after another find the same."""

from __future__ import annotations

import os
import random
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyguard.scanner import database, prefilter
from keyguard.scanner.compact import NAME, quick, without_examples, write
from keyguard.scanner.engine import Engine
from keyguard.scanner.index import Index
from keyguard.scanner.literals import Hits, Tree, hits_one_by_one
from keyguard.scanner.prefilter import Prefilter
from keyguard.scanner.rulebook import BUNDLED, load

BOOK = load()
LETTERS = st.sampled_from([b"a", b"b", b"A", b"-", b"\xff", b"\xec\x97", b"ab", b"BYBIT", b"\n"])
WORDS = st.lists(LETTERS, min_size=1, max_size=4).map(b"".join).map(bytes.lower)


def by_hyperscan(literals: set[bytes], data: bytes) -> Hits:
    compiled = Prefilter(frozenset(literals))
    compiled.prepare()
    return compiled.hits(data)


@settings(max_examples=200, deadline=None)
@given(st.sets(WORDS, min_size=1, max_size=12), st.lists(LETTERS, max_size=60).map(b"".join))
def test_three_ways_to_the_same_hits(literals: set[bytes], data: bytes) -> None:
    hits = hits_one_by_one(sorted(literals), data)
    assert Tree(sorted(literals)).hits(data) == hits
    assert by_hyperscan(literals, data) == hits


def _contents() -> list[tuple[bytes, str]]:
    examples = [(e.text.encode(), e.path) for rule in BOOK.rules for e in (*rule.found, *rule.ignored)]
    source = random.Random(3)
    literals = sorted(Index(BOOK).literals)
    noise = [
        (b"".join(source.choice([source.choice(literals), source.randbytes(3)]) for _ in range(200)), "noise")
        for _ in range(20)
    ]
    corpus = Path(__file__).parents[2] / "corpus"
    files = [(path.read_bytes(), path.name) for path in sorted(corpus.rglob("*")) if path.is_file()]
    return [*examples, *noise, *files]


def test_without_hyperscan_the_findings_are_the_same() -> None:
    first, fast, slow = Engine(BOOK), Engine(BOOK), Engine(BOOK, hyperscan=False)
    fast.prepare()
    slow.prepare()
    for data, path in _contents():
        assert fast.scan(data, path) == slow.scan(data, path) == first.scan(data, path)


def test_a_platform_without_hyperscan_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object) -> None:
        raise ImportError

    monkeypatch.setattr(database, "obtain", absent)
    sought = Prefilter(frozenset({b"bybit"}))
    sought.prepare()
    assert sought.hits(b"a BYBIT key") == hits_one_by_one([b"bybit"], b"a BYBIT key")


def test_small_contents_compile_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "obtain", None)
    sought = Prefilter(frozenset({b"bybit", b"upbit"}))
    for _ in range(100):
        assert list(sought.hits(b"x" * 5_000 + b"upbit")) == [b"upbit"]
    assert prefilter.FIRST < 10**9


# The cache


LITERALS = [b"bybit", b"deribit", b"upbit"]
TEXT = b"deribit, UPBIT"


def _hits(cache: Path) -> Hits:
    sought = Prefilter(frozenset(LITERALS), cache)
    sought.prepare()
    return sought.hits(TEXT)


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    _hits(tmp_path)
    (file,) = tmp_path.glob("*.hs")
    return file


def test_the_cache_is_the_owners_alone_and_used(cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stat.S_IMODE(cached.stat().st_mode) == 0o600
    monkeypatch.setattr(database, "_compile", None)
    assert _hits(cached.parent) == hits_one_by_one(LITERALS, TEXT)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other", "foreign", "folder"])
def test_a_bad_cache_is_made_anew(cached: Path, damage: str) -> None:
    whole = cached.read_bytes()
    if damage == "cut":
        cached.write_bytes(whole[:-100])
    elif damage == "flipped":
        cached.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    elif damage == "empty":
        cached.write_bytes(b"")
    elif damage == "other":  # whole and right by its digest, but of other literals
        database._write(
            cached, database.hyperscan.dumpb(database._compile(database.Sought((b"kraken", b"okx"))))
        )
    elif damage == "foreign":  # whole by its digest, but nothing Hyperscan made
        database._write(cached, b"nonsense" * 100)
    else:
        cached.unlink()
        cached.mkdir()
    assert _hits(cached.parent) == hits_one_by_one(LITERALS, TEXT)
    if damage != "folder":
        assert database._read(cached, database.Sought(tuple(LITERALS))) is not None


def test_only_a_few_are_kept(tmp_path: Path) -> None:
    for number in range(20):
        database.obtain(database.Sought((b"word%d" % number,)), tmp_path)
    assert len(list(tmp_path.glob("*.hs"))) == 16


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert _hits(tmp_path)


# The compact form


def test_the_compact_form_belongs_to_the_rules_and_says_the_same() -> None:
    """If this fails: python -m keyguard.scanner.compact"""
    import json

    from keyguard.scanner import compact

    first = json.loads((BUNDLED / NAME).read_text().partition("\n")[0])
    assert first == compact._sources(BUNDLED)
    assert quick() == without_examples(BOOK)


def test_an_edited_rule_counts_at_once(tmp_path: Path) -> None:
    for path in BUNDLED.glob("*.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    write(tmp_path)
    edited = tmp_path / "bybit.toml"
    edited.write_text(edited.read_text().replace('name = "Bybit"', 'name = "ByBit"'))
    assert quick(tmp_path) == without_examples(load(tmp_path)) != without_examples(BOOK)


@pytest.mark.parametrize("text", ["", "{}\n", "{}\n[]", '{"a": 1}\n{"Rulebook": []}', "\xff"])
def test_a_damaged_compact_form_is_not_used(tmp_path: Path, text: str) -> None:
    for path in BUNDLED.glob("*.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / NAME).write_text(text)
    assert quick(tmp_path) == without_examples(BOOK)
