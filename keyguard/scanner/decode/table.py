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
_SHORTEST = 12
"""A row without a value of this length holds no credential."""
_VIEW = 500_000


def read(content: Content, _path: str, budget: Budget) -> Layers:
    """Yield views of the rows below the header, with the lines of the file; raises Exhausted."""
    text = content.text
    head = text[: text.find(b"\n") if b"\n" in text else len(text)]
    fields = _FIELDS[max(_FIELDS, key=head.count)]
    builder = Builder(content)
    names: list[bytes] = []
    for row in _rows(text, fields):
        if not names:
            names = [cell.text if cell else b"" for cell in row]
            continue
        if not any(cell and len(cell.text) >= _SHORTEST for cell in row):
            continue
        rows.write(builder, names, row)
        if builder.size > _VIEW:
            budget.spend(builder.size)
            yield builder.view()
            builder = Builder(content)
    if builder.size:
        budget.spend(builder.size)
        yield builder.view()


def _rows(text: bytes, fields: re.Pattern[bytes]) -> Iterator[list[Cell | None]]:
    row: list[Cell | None] = []
    at = 3 if text.startswith(b"\xef\xbb\xbf") else 0
    while at < len(text):
        match = fields.match(text, at)
        if match is None or match.end() == at:
            break
        if len(row) < COLUMNS:
            group = "quoted" if match["quoted"] is not None else "plain"
            value = match[group]
            low, high = match.span(group)
            if b'""' in value and group == "quoted":
                row.append(Cell(value.replace(b'""', b'"'), low, high))
            else:
                row.append(Cell(value, low, high, exact=True))
        at = match.end()
        if match["end"] not in (b",", b";", b"\t", b"|"):
            yield row
            row = []
    if row:
        yield row
