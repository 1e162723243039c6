"""The pieces a document is made of, as plain JSON for the template: passages, facts, tables.

A cell is a list of lines; a line has a text `t` and a style `s` (small, bad, strong or none). A head is a
list of names, for a column that holds several values one below the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Block = dict[str, Any]
Line = dict[str, str]
Texts = list[dict[str, str]]
NOTHING = "–"


def line(text: object, style: str = "") -> Line:
    """One line of a cell."""
    return {"t": NOTHING if text in (None, "") else str(text), "s": style}


def cell(*lines: object) -> list[Line]:
    """A cell of plain lines; at least one."""
    return [one if isinstance(one, dict) else line(one) for one in lines] or [line(None)]


def stack(values: Iterable[object]) -> list[Line]:
    """A cell with a line for each value; a dash where there is none."""
    return cell(*values)


def text(texts: Texts, kind: str = "text") -> Block:
    """A passage in both languages; `kind` also note or quote."""
    return {"kind": kind, "texts": texts}


def facts(rows: Iterable[tuple[Texts, list[Line]]]) -> Block:
    """A list of names and values."""
    return {"kind": "facts", "rows": [{"label": label, "value": value} for label, value in rows]}


def table(
    heads: Sequence[Sequence[Texts]],
    widths: Sequence[float],
    rows: Iterable[Sequence[list[Line]]],
    *,
    size: float = 7.5,
    numbers: Sequence[int] = (),
) -> Block:
    """A table with a head that repeats on each page. `widths` are shares of the page, `size` in points,
    `numbers` the columns that are set to the right."""
    return {
        "kind": "table",
        "heads": list(heads),
        "widths": list(widths),
        "rows": list(rows),
        "size": size,
        "numbers": list(numbers),
    }
