"""Rows of SQL dumps: the columns of the statement, or of the table's definition, name each value.

`INSERT INTO t (a, b) VALUES (…), (…);` of any dialect, and the rows that follow PostgreSQL's
`COPY t (a, b) FROM stdin;`. Nothing is looked for where no such words were hit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from keyguard.scanner.content import Content
from keyguard.scanner.decode import rows
from keyguard.scanner.decode.budget import Budget
from keyguard.scanner.decode.hints import ROWS
from keyguard.scanner.decode.layers import Builder, Layers
from keyguard.scanner.decode.rows import COLUMNS, Cell
from keyguard.scanner.lazily import pattern
from keyguard.scanner.prefilter import Hits

_VIEW = 500_000
_SHORTEST = 12
"""A row without a value of this length holds no credential."""
_TABLE = rb"(?P<table>(?:[`\"\[]?[\w$]{1,64}[`\"\]]?\.){0,2}[`\"\[]?[\w$]{1,64}[`\"\]]?)"
_INTO = pattern(
    rb"\s{1,20}"
    + _TABLE
    + rb"\s{0,20}(?:\((?P<columns>[^()';]{1,8000})\)\s{0,20})?(?:overriding\s[\w\s]{1,20})?"
    rb"values?\s{0,20}(?=\()",
    re.IGNORECASE,
)
_COPY = pattern(
    rb"copy\s{1,20}" + _TABLE + rb"\s{0,20}\((?P<columns>[^()';]{1,2000})\)\s{0,20}\Z", re.IGNORECASE
)
_COPY_REACH = 2_000
_CREATE = pattern(
    rb"create\s{1,20}table\s{1,20}(?:if\s{1,20}not\s{1,20}exists\s{1,20})?" + _TABLE + rb"\s{0,20}\(",
    re.IGNORECASE,
)
_COLUMN = pattern(rb"\s{0,40}(?:[`\"\[](?P<quoted>[^`\"\]\r\n]{1,64})[`\"\]]|(?P<plain>[\w$]{1,64}))\s")
_NO_COLUMN = frozenset(
    (b"primary", b"unique", b"key", b"constraint", b"foreign", b"index", b"check", b"fulltext")
)
_DEFINED = 20_000
_TABLES = 500
_VALUE = pattern(
    rb"\s{0,40}(?:(?:_?\w{1,10}\s?)?'(?P<quoted>(?:[^'\\]|''|\\.)*+)'|(?P<plain>[^,()'\"]{0,400}+(?:\([^()]{0,400}\))?))"
    rb"(?:::[\w ]{1,40})?\s{0,40}(?P<end>[,)])",
    re.DOTALL,
)
_NEXT = pattern(rb"\s{0,40},\s{0,40}\(")
_ESCAPES = pattern(rb"''|\\(?P<sign>.)", re.DOTALL)
_MEANT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0"}
_FIELD = pattern(rb"[^\t\r\n]*+")


def read(content: Content, hits: Hits, budget: Budget) -> Layers:
    """Yield views of the rows, with the lines of the file; raises Exhausted."""
    text = content.text
    builder = Builder(content)
    tables: dict[bytes, list[bytes]] | None = None
    done = 0
    for end in sorted(end for word in ROWS for end in hits.get(word, ())):
        if end < done:
            continue
        into = _INTO.match(text, end)
        if into:
            if into["columns"] is None and tables is None:
                tables = _definitions(text)
            names = (
                _split(into["columns"]) if into["columns"] else (tables or {}).get(_bare(into["table"]), [])
            )
            found = _tuples(text, into.end())
        else:
            before = text[max(0, end - _COPY_REACH) : end - len(b"from stdin")]
            copy = _COPY.match(before, max(0, before.lower().rfind(b"copy")))
            if not copy:
                continue
            names, found = _split(copy["columns"]), _lines(text, text.find(b"\n", end) + 1)
        for row, at in found:
            done = at
            if names and any(cell and len(cell.text) >= _SHORTEST for cell in row):
                rows.write(builder, names, row)
            if builder.size > _VIEW:
                budget.spend(builder.size)
                yield builder.view()
                builder = Builder(content)
    if builder.size:
        budget.spend(builder.size)
        yield builder.view()


def _definitions(text: bytes) -> dict[bytes, list[bytes]]:
    """The columns of every table that is defined."""
    found: dict[bytes, list[bytes]] = {}
    # A case-blind expression has no fast start: the words are looked for first.
    low, at = text.lower(), -1
    for _ in range(_TABLES):
        at = low.find(b"create table", at + 1)
        match = _CREATE.match(text, at) if at >= 0 else None
        if at < 0:
            break
        if match is None:
            continue
        columns = []
        stop = text.find(b";", match.end(), match.end() + _DEFINED)
        body = text[match.end() : stop if stop >= 0 else match.end() + _DEFINED]
        for part in re.split(rb",(?![^()]{0,200}\))", body)[:COLUMNS]:
            column = _COLUMN.match(part + b" ")
            name = (column["quoted"] or column["plain"]) if column else b""
            if name and (column is None or column["quoted"] or name.lower() not in _NO_COLUMN):
                columns.append(name)
        found[_bare(match["table"])] = columns
    return found


def _tuples(text: bytes, at: int) -> Iterator[tuple[list[Cell | None], int]]:
    """Each parenthesis of values, and where it ends."""
    while text.startswith(b"(", at):
        at += 1
        row: list[Cell | None] = []
        value = _VALUE.match(text, at)
        while value:
            at = value.end()
            if len(row) < COLUMNS:
                row.append(_cell(value))
            if value["end"] == b")":
                break
            value = _VALUE.match(text, at)
        yield row, at
        following = _NEXT.match(text, at) if value else None
        if following is None:
            return
        at = following.end() - 1


def _cell(value: re.Match[bytes]) -> Cell | None:
    quoted = value["quoted"]
    if quoted is None:
        plain = value["plain"].strip()
        return Cell(plain, *value.span("plain")) if plain and plain.upper() != b"NULL" else None
    low, high = value.span("quoted")
    if b"'" not in quoted and b"\\" not in quoted:
        return Cell(quoted, low, high, exact=True)
    return Cell(_ESCAPES.sub(_meant, quoted), low, high)


def _meant(escape: re.Match[bytes]) -> bytes:
    sign = escape["sign"]
    return b"'" if sign is None else _MEANT.get(sign, sign)


def _lines(text: bytes, at: int) -> Iterator[tuple[list[Cell | None], int]]:
    """The rows of a COPY, up to the line that ends it."""
    while 0 < at < len(text) and not text.startswith(b"\\.", at):
        row: list[Cell | None] = []
        while True:
            field = _FIELD.match(text, at)
            low, at = field.span() if field else (at, at)
            value = text[low:at]
            if len(row) < COLUMNS:
                plain = b"\\" not in value
                if value in (b"", b"\\N"):
                    row.append(None)
                else:
                    row.append(Cell(value if plain else _ESCAPES.sub(_meant, value), low, at, exact=plain))
            if not text.startswith(b"\t", at):
                break
            at += 1
        newline = text.find(b"\n", at)
        at = newline + 1 if newline >= 0 else len(text)
        yield row, at


def _split(columns: bytes) -> list[bytes]:
    return [name.strip(b' \t\r\n`"[]') for name in columns.split(b",")][:COLUMNS]


def _bare(table: bytes) -> bytes:
    return table.rsplit(b".", 1)[-1].strip(b'`"[]').lower()
