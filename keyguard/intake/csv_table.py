"""Tables: comma-separated, with the header venue,label,desk,key,secret,passphrase in any order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from keyguard.intake.candidates import FIELDS, Candidate
from keyguard.intake.credentials import assemble
from keyguard.intake.problems import ambiguous, malformed
from keyguard.intake.reading import Text
from keyguard.intake.references import is_reference
from keyguard.intake.venues import venue_id

_COLUMNS = ("venue", "label", "desk", *FIELDS)
_QUOTED = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"(?=[,\r\n]|\Z)')
_BARE = re.compile(r'[^",\r\n]*+(?=[,\r\n]|\Z)')
_END = re.compile(r"\r?\n|\Z")


@dataclass(frozen=True, slots=True)
class _Cell:
    value: str = field(repr=False)
    line: int
    start: int
    end: int


def matches(source: Text) -> bool:
    """Whether the first line is the header of such a table."""
    words = {word.strip().strip('"').lower() for word in source.text.split("\n", 1)[0][:1000].split(",")}
    return {"venue", "key"} <= words


def read(source: Text) -> tuple[Candidate, ...]:
    """A credential for each row; rows of references are passed over."""
    rows = _rows(source)
    header = [cell.value.strip().lower() for cell in rows[0]]
    for number, name in enumerate(header, start=1):
        if name not in _COLUMNS:
            raise malformed(source.path, 1, f"column {number} is none of {', '.join(_COLUMNS)}")
        if header.index(name) != number - 1:
            raise ambiguous(source.path, 1, f"has the column {name} twice")
    if not {"venue", "key"} <= set(header):
        raise malformed(source.path, 1, "the header lacks venue or key")
    found = []
    for row in rows[1:]:
        if len(row) != len(header):
            raise malformed(source.path, row[0].line, f"has {len(row)} cells, the header has {len(header)}")
        candidate = _candidate(source, dict(zip(header, row, strict=True)))
        found.extend([candidate] if candidate else [])
    return tuple(found)


def _candidate(source: Text, row: dict[str, _Cell]) -> Candidate | None:
    line = row["venue"].line
    cells = {name: row[name] for name in FIELDS if name in row and row[name].value}
    if any(is_reference(cell.value) for cell in cells.values()):
        return None
    venue = venue_id(row["venue"].value)
    if not venue:
        raise malformed(source.path, line, "the venue is not a name")
    credential = assemble({name: cell.value for name, cell in cells.items()}, f"{source.path}:{line}")
    places = tuple(source.place(name, cell.start, cell.end) for name, cell in cells.items())
    label, desk = (row[name].value.strip() if name in row else "" for name in ("label", "desk"))
    return Candidate(venue, label, desk, credential, places)


def _rows(source: Text) -> list[list[_Cell]]:
    text, at = source.text, 0
    rows: list[list[_Cell]] = []
    while at < len(text):
        row: list[_Cell] = []
        while True:
            line, quoted = source.line_at(at), text.startswith('"', at)
            match = (_QUOTED if quoted else _BARE).match(text, at)
            if not match:
                raise malformed(source.path, line, "is not a row of a comma-separated table")
            value = match[1].replace('""', '"') if quoted else match[0]
            start, end = match.span(1) if quoted else match.span()
            row.append(_Cell(value, line, start, end))
            at = match.end()
            if text[at : at + 1] != ",":
                break
            at += 1
        newline = _END.match(text, at)
        if not newline:
            raise malformed(source.path, source.line_at(at), "has a bare carriage return")
        at = newline.end()
        if len(row) > 1 or row[0].value.strip():
            rows.append(row)
    return rows
