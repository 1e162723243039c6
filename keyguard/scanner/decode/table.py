"""CSV and TSV: the header names each value of a row."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keyguard.scanner.content import Content
from keyguard.scanner.decode import rows
from keyguard.scanner.decode.budget import Budget
from keyguard.scanner.decode.layers import Builder, Layers
from keyguard.scanner.decode.rows import COLUMNS, Cell

_FIELDS = {
    mark: re.compile(
        rb'(?:"(?P<quoted>(?:[^"]|"")*+)"[^%b\r\n]*+|(?P<plain>[^%b\r\n]*+))(?P<end>[%b]|\r?\n|\r|\Z)'
        % (mark, mark, mark)
    )
    for mark in (b",", b";", b"\t", b"|")
}
# A line whose fields have quotes around all of them or nowhere, and such a field.
_EVEN = {
    mark: re.compile(rb'(?:"[^"]*+"|[^"%b]*+)(?:%b(?:"[^"]*+"|[^"%b]*+))*+' % (mark, re.escape(mark), mark))
    for mark in _FIELDS
}
_FIELD = {mark: re.compile(rb'"[^"]*+"|[^"%b]++' % mark) for mark in _FIELDS}
_SHORTEST = 12
"""A row without a value of this length holds no credential."""
_PLAIN = re.compile(
    rb"[+-]?\d{1,15}\.\d*(?:e[+-]?\d{1,3})?"
    rb"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?"
)
"""A price or a time is none either, however long."""
_VIEW = 500_000


def read(content: Content, _path: str, budget: Budget) -> Layers:
    """Yield views of the rows below the header, with the lines of the file; raises Exhausted."""
    text = content.text
    head = text[: text.find(b"\n") if b"\n" in text else len(text)]
    mark = max(_FIELDS, key=head.count)
    builder = Builder(content)
    names: list[bytes] = []
    for row in _rows(text, mark):
        if not names:
            names = [cell.text for cell in row]
            continue
        if not any(map(_counts, [cell.text for cell in row])):
            continue
        rows.write(builder, names, row)
        if builder.size > _VIEW:
            budget.spend(builder.size)
            yield builder.view()
            builder = Builder(content)
    if builder.size:
        budget.spend(builder.size)
        yield builder.view()


def _counts(text: bytes) -> bool:
    return len(text) >= _SHORTEST and not _PLAIN.fullmatch(text)


def _rows(text: bytes, mark: bytes) -> Iterator[list[Cell]]:
    """The header, and all rows that may hold a value that counts."""
    at = 3 if text.startswith(b"\xef\xbb\xbf") else 0
    first = True
    while at < len(text):
        end = text.find(b"\n", at)
        line = text[at:end].removesuffix(b"\r") if end >= 0 else b'"'
        if b'"' in line or b"\r" in line:
            if not first and b"\r" not in line and _EVEN[mark].fullmatch(line):
                cells = _FIELD[mark].findall(line)
                if not any(_counts(cell.strip(b'"')) for cell in cells):
                    at = end + 1
                    continue
            row, at = _quoted(text, at, _FIELDS[mark])
            yield row
        else:
            cells = line.split(mark, COLUMNS)[:COLUMNS]
            if first or any(map(_counts, cells)):
                yield _placed(cells, at)
            at = end + 1
        first = False


def _placed(cells: list[bytes], at: int) -> list[Cell]:
    row = []
    for text in cells:
        row.append(Cell(text, at, at + len(text), exact=True))
        at += len(text) + 1
    return row


def _quoted(text: bytes, at: int, fields: re.Pattern[bytes]) -> tuple[list[Cell], int]:
    """A row that may have quotes, over several lines perhaps, and where the next one begins."""
    row: list[Cell] = []
    while at < len(text):
        match = fields.match(text, at)
        if match is None or match.end() == at:
            return row, len(text)
        if len(row) < COLUMNS:
            group = "quoted" if match["quoted"] is not None else "plain"
            value = match[group]
            low, high = match.span(group)
            if b'""' in value and group == "quoted":
                row.append(Cell(value.replace(b'""', b'"'), low, high))
            else:
                row.append(Cell(value, low, high, exact=True))
        at = match.end()
        if match["end"] not in _FIELDS:
            break
    return row, at
