"""The derived tables as sheets: typed columns for the workbook and for `register.csv` (KGA/1 §12.3).

A column is an instant, a number or a text. An instant becomes two: the day and time in the period's zone,
and the exact UTC text of the record. Lists are joined by "; ", objects are written as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keyguard.core import canonical
from keyguard.reading import times

Value = str | int | datetime | None
"""A cell: text, number, local time without zone, or nothing."""

_TABLES = (
    "register",
    "people",
    "parties",
    "grants",
    "approvals",
    "reviews",
    "lifecycle",
    "incidents",
    "exceptions",
    "findings",
)
_FIRST = {"register": "key", "people": "person", "findings": "code", "lifecycle": "at"}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: names of fields, rows of cells."""

    name: str
    fields: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


def sheets(derived: Mapping[str, Any], tz: str, zone: str) -> list[Sheet]:
    """A sheet for each table; for an auditor the rows of all venues, each with its venue."""
    if "venues" not in derived:
        found = [sheet(name, derived[name], tz, zone) for name in _TABLES if name in derived]
        return [*found, _summary([("", derived)])]
    venues = sorted(derived["venues"].items())
    found = [
        sheet(name, [{"at_venue": venue, **row} for venue, one in venues for row in one[name]], tz, zone)
        for name in _TABLES
    ]
    return [*found, sheet("persons", derived["persons"], tz, zone), _summary(venues)]


def sheet(name: str, rows: Sequence[Mapping[str, Any]], tz: str, zone: str) -> Sheet:
    """One table, its fields in the order of the rows' members, the first one that names the row in front."""
    fields = list(dict.fromkeys(field for row in rows for field in row))
    if (first := _FIRST.get(name)) in fields:
        fields.remove(first)
        fields.insert(0, first)
    instants = {field for field in fields if _are_instants(row.get(field) for row in rows)}
    heads = [
        head
        for field in fields
        for head in ([f"{field}_{zone.lower()}", field] if field in instants else [field])
    ]
    cells = [
        tuple(cell for field in fields for cell in _cells(row.get(field), field in instants, tz))
        for row in rows
    ]
    return Sheet(name, tuple(heads), tuple(cells))


def _summary(venues: Iterable[tuple[str, Mapping[str, Any]]]) -> Sheet:
    rows: list[tuple[Value, ...]] = []
    for venue, derived in venues:
        for name, value in derived.get("summary", {}).items():
            counts = (
                {f"{name}_{one}": n for one, n in value.items()}
                if isinstance(value, Mapping)
                else {name: value}
            )
            rows += [(venue, one, count) for one, count in counts.items()]
    return Sheet("summary", ("at_venue", "indicator", "count"), tuple(rows))


def _are_instants(values: Iterable[Any]) -> bool:
    told = [value for value in values if value is not None]
    return bool(told) and all(_is_instant(value) for value in told)


def _is_instant(value: Any) -> bool:
    try:
        canonical.parse_instant(value)
    except (TypeError, ValueError):
        return False
    return True


def _cells(value: Any, instant: bool, tz: str) -> tuple[Value, ...]:
    if not instant:
        return (_plain(value),)
    return (None, None) if value is None else (times.local(value, tz).replace(tzinfo=None), value)


def _plain(value: Any) -> Value:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, list):
        return "; ".join(one if isinstance(one, str) else _json(one) for one in value)
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return canonical.encode(value).decode()
