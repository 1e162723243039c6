"""Contents: documents of the corpus, mutated, packed in what the scanner unpacks, and mutated again."""

from __future__ import annotations

import bz2
import functools
import gzip
import html
import json
import lzma
import tarfile
from collections.abc import Callable
from random import Random
from urllib.parse import quote

from keyguard.scanner.compact import quick
from keyguard.scanner.decode import hints
from keyguard.scanner.decode.budget import UNPACKED
from keyguard.scanner.engine import Engine, Examined
from tests.corpus.corpus import Document, documents
from tests.fuzz.mutate import mutated
from tests.unit.scanner import packing

BOOK = quick()
SHORTEST = min(len(anchor) for rule in BOOK.rules for anchor in rule.anchors)
LONGEST = max(rule.longest for rule in BOOK.rules)
_VIEWS = 24
"""How many times a text may be searched in views of it: decoded, as rows, and decoded again in these."""

Pack = Callable[[Random, bytes], tuple[str, bytes]]


@functools.cache
def seeds() -> list[Document]:
    """What is mutated."""
    return documents()


@functools.cache
def words() -> tuple[bytes, ...]:
    """What is worth inserting: names and anchors of rules, signatures, marks of encodings."""
    literals = {anchor for rule in BOOK.rules for anchor in rule.anchors} | hints.ENCODED
    marks = (b"PK\x03\x04", b"PK\x01\x02", b"\x1f\x8b\x08", b"\xff\xfe", b"\0\0\0", b"\xef\xbb\xbf", b"%PDF-")
    signs = (
        b"{",
        b"[",
        b'"',
        b"\\",
        b"\\u0022",
        b"\n",
        b"\r\n",
        b"=",
        b"-----BEGIN ",
        b"stream\n",
        b"<c>",
        b",",
    )
    return (*sorted(literals), *marks, *signs)


@functools.cache
def engines() -> tuple[Engine, Engine]:
    """By Hyperscan, and without it."""
    fast, slow = Engine(BOOK), Engine(BOOK, hyperscan=False)
    fast.prepare()
    slow.prepare()
    return fast, slow


def document(r: Random) -> tuple[str, bytes]:
    """A document of the corpus, mutated or two of them together."""
    first, second = r.choice(seeds()), r.choice(seeds())
    data = first.data + (b"\n" + second.data if r.random() < 0.3 else b"")
    return first.path, mutated(r, data, words()) if r.random() < 0.9 else data


def texts(r: Random) -> None:
    """Files as people write them, in any encoding."""
    path, data = document(r)
    if r.random() < 0.2:
        data = data.decode("utf-8", "replace").encode(r.choice(("utf-16", "utf-16-be", "utf-32-le")))
        data = mutated(r, data, words(), 2)
    check(path, data)


def packed(r: Random) -> None:
    """Up to four layers of what is unpacked, damaged at any of them."""
    path, data = document(r)
    for _ in range(r.choice((1, 1, 1, 2, 2, 3, 4))):
        path, data = r.choice(_PACKS)(r, data)
        if r.random() < 0.4:
            data = mutated(r, data, words(), 3)
    check(path, data)


def check(path: str, data: bytes) -> Examined:
    """What has to hold for any content."""
    fast, slow = engines()
    before = fast.work.runs, fast.work.run_bytes, fast.work.searched
    examined = fast.examine(data, path)
    runs, visited, searched = (
        after - was
        for after, was in zip((fast.work.runs, fast.work.run_bytes, fast.work.searched), before, strict=True)
    )
    assert examined == slow.examine(data, path), "Hyperscan and the fallback differ"
    assert searched <= _VIEWS * len(data) + 4 * UNPACKED, f"{searched} bytes searched of {len(data)}"
    if not any("unpack" in u.reason or "!/" in u.path for u in examined.unread) and not _inside(examined):
        assert runs <= len(BOOK.rules) * (searched // SHORTEST + 1), f"{runs} runs over {searched} bytes"
    assert visited <= len(BOOK.rules) * searched + runs * (LONGEST + 1), f"{visited} bytes in {runs} runs"
    for finding in examined.findings:
        for part in finding.parts:
            place = part.place
            assert 0 <= place.start <= place.end <= max(len(data), place.end if place.inside else 0), place
            assert place.line >= 1, place
            assert place.column >= 1, place
            assert place.path.startswith(path), place
    return examined


def _inside(examined: Examined) -> bool:
    return any(part.place.inside for finding in examined.findings for part in finding.parts)


def _zip(r: Random, data: bytes) -> tuple[str, bytes]:
    files = {
        r.choice((".env", "conf/app.yml", "a.csv", "x.ipynb", "word/document.xml")): data,
        "b": b"x" * 99,
    }
    return "backup.zip", packing.zipped(files, r.choice((0, 8, 12, 14)))


def _tar(r: Random, data: bytes) -> tuple[str, bytes]:
    mode = r.choice(("w", "w:gz", "w:bz2", "w:xz"))
    name = r.choice((".env", "d" * 150 + "/.env", "\udcff.env"))
    style = r.choice((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT))
    return "dump.tgz", packing.tarred({name: data}, mode, style)


def _stream(r: Random, data: bytes) -> tuple[str, bytes]:
    return "log.gz", r.choice((gzip.compress, bz2.compress, lzma.compress))(data)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _notebook(r: Random, data: bytes) -> tuple[str, bytes]:
    outputs = [
        {"output_type": "stream", "text": [_text(data)]},
        {"data": {"text/plain": _text(data), "application/json": {"k": [_text(data)]}}},
    ]
    return "nb.ipynb", packing.notebook("import ccxt", _text(data), outputs=r.choice((None, outputs)))


def _har(r: Random, data: bytes) -> tuple[str, bytes]:
    pair = {"name": r.choice(("X-MBX-APIKEY", "api_key", "cookie")), "value": _text(data)}
    request = {
        "url": "https://api.bybit.com/?" + quote(_text(data[:300])),
        "headers": [pair],
        "cookies": [pair],
    }
    entry = {"request": {**request, "postData": {"params": [pair], "text": _text(data)}}}
    return "t.har", json.dumps({"log": {"entries": [entry] * r.choice((1, 3))}}).encode()


def _database(r: Random, data: bytes) -> tuple[str, bytes]:
    values = (_text(data), data, _text(data[:90]), r.choice((None, 1.5, 2**60)))
    return "bot.db", packing.database(
        ("CREATE TABLE accounts (name TEXT, secret BLOB, api_key TEXT, n)", ()),
        *[("INSERT INTO accounts VALUES (?, ?, ?, ?)", values)] * r.choice((1, 4)),
        wal=r.random() < 0.2,
    )


def _sheet(r: Random, data: bytes) -> tuple[str, bytes]:
    clean = "".join(c for c in _text(data) if c.isprintable() or c == "\n")
    lines = [line.split(r.choice("=:,"), 1) for line in clean.splitlines()[:50]]
    return "keys.xlsx", packing.workbook([["name", "value"], *lines])


def _table(r: Random, data: bytes) -> tuple[str, bytes]:
    sign = r.choice((",", ";", "\t", "|"))
    lines = [sign.join(line.split(r.choice("=:"), 1)) for line in _text(data).splitlines()]
    return "keys.csv", "\n".join([sign.join(("venue", "api_key", "secret")), *lines]).encode()


def _pdf(_r: Random, data: bytes) -> tuple[str, bytes]:
    return "doc.pdf", packing.pdf(*_text(data).replace("(", r"\(").replace(")", r"\)").splitlines())


def _manifest(_r: Random, data: bytes) -> tuple[str, bytes]:
    return "secret.yaml", packing.secret_manifest(config=_text(data), other=_text(data[:80])).encode()


def _escaped(r: Random, data: bytes) -> tuple[str, bytes]:
    text = _text(data)
    way = r.choice((quote, json.dumps, html.escape, lambda t: "base64: " + packing.b64(t), _curl))
    return "notes.txt", way(text).encode("utf-8", "replace")


def _curl(text: str) -> str:
    basic = f"Authorization: Basic {packing.b64(text)}"
    return f"curl -u {text[:60]}:{text[60:140]} https://api.bybit.com\n{basic}\n"


_PACKS: tuple[Pack, ...] = (
    *(_zip, _tar, _stream, _notebook, _har, _database, _sheet, _table, _pdf, _manifest, _escaped),
)
