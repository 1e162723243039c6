"""Rows of tables, written so that names stand beside values: as one object a line.

A table of names and values ("name", "value") becomes lines of `name: "value"`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from keyguard.scanner.decode.layers import Builder

COLUMNS = 200
_NAME = 64
_NAMES = re.compile(rb"(?i)(name|key|setting|variable|option|property|field|env|parameter|id)\Z")
_VALUES = re.compile(rb"(?i)(value|val|data|content|secret_?value)\Z")
_RANDOM = re.compile(rb"(?=.*\d)(?=.*[A-Za-z])[^\s]{16}")
"""A header like this is no header: the table begins with its first pair of name and value."""
_UNFIT = re.compile(rb"[^\w.@/-]+")


class Cell:
    """A value and where it stands: `low`/`high` into the content, `exact` byte for byte."""

    __slots__ = ("exact", "high", "low", "text")

    def __init__(self, text: bytes, low: int = 0, high: int = 0, *, exact: bool = False) -> None:
        self.text, self.low, self.high, self.exact = text, low, high, exact


def write(builder: Builder, names: Sequence[bytes], cells: Sequence[Cell | None]) -> None:
    """Write one row; empty cells are left out."""
    keyed = _keyed(names, cells)
    if keyed:
        _pair(builder, keyed[0].text, keyed[1])
        builder.glue(b"\n")
        return
    builder.glue(b"{")
    for name, cell in zip(names, cells, strict=False):
        if cell and cell.text:
            _pair(builder, name, cell)
            builder.glue(b", ")
    builder.glue(b"}\n")


def _keyed(names: Sequence[bytes], cells: Sequence[Cell | None]) -> tuple[Cell, Cell] | None:
    name = next((c for n, c in zip(names, cells, strict=False) if c and _NAMES.search(n)), None)
    if len(names) == 2 and len(cells) == 2 and _RANDOM.search(names[1]):
        return (cells[0], cells[1]) if cells[0] and cells[1] else None
    value = next((c for n, c in zip(names, cells, strict=False) if c and _VALUES.match(n)), None)
    if name and value and 0 < len(name.text) <= _NAME:
        return name, value
    return None


def _pair(builder: Builder, name: bytes, cell: Cell) -> None:
    label = _UNFIT.sub(b"_", name.strip())[:_NAME] or b"_"
    builder.glue(b'"' + label + b'": "')
    if cell.exact:
        builder.copy(cell.low, cell.high)
    else:
        builder.add(cell.text, cell.low, cell.high)
    builder.glue(b'"')
