"""Incidents, freezes and kept reports on the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table, insert, select, update

from keyguard.core.canonical import format_instant
from keyguard.core.errors import UsageError
from keyguard.core.incidents import Freeze, Incident, Report, may_replace
from keyguard.stores.database import Database
from keyguard.stores.facts import T, decode_facts, encode_facts
from keyguard.stores.tables import FREEZES, INCIDENTS, REPORTS


class SqlIncidents:
    """Rows that are added and changed, never deleted; the database itself refuses a deletion."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[Incident, ...]:
        """All, closed ones too, oldest first."""
        return self._read(Incident, _rows(INCIDENTS))

    def open(self) -> tuple[Incident, ...]:
        """Those that are not closed, oldest first."""
        return self._read(Incident, _rows(INCIDENTS).where(INCIDENTS.c.over.is_(False)))

    def find(self, id_: str) -> Incident:
        """By id or an unambiguous beginning of it; UsageError `incident.unknown`."""
        return self._find(Incident, INCIDENTS, id_, "in_", "incident")

    def triggered(self, trigger: str) -> Incident | None:
        """The incident this trigger has opened, closed or not."""
        return next(iter(self._read(Incident, _rows(INCIDENTS).where(INCIDENTS.c.trigger == trigger))), None)

    def put(self, incident: Incident) -> None:
        """Add or replace; UsageError `incident.over` for one that is closed, or a trigger's second."""
        trigger = incident.trigger or None
        with self._database.write():
            other = self.triggered(trigger) if trigger else None
            if other is not None and other.id != incident.id:
                raise _over(other.id)
            row = {"over": not incident.open, "trigger": trigger, "since": format_instant(incident.opened_at)}
            self._put(INCIDENTS, incident, row)

    def freezes(self) -> tuple[Freeze, ...]:
        """Those that stand, oldest first."""
        return self._read(Freeze, _rows(FREEZES).where(FREEZES.c.over.is_(False)))

    def all_freezes(self) -> tuple[Freeze, ...]:
        """All, past ones too, oldest first."""
        return self._read(Freeze, _rows(FREEZES))

    def put_freeze(self, freeze: Freeze) -> None:
        """Add or replace; UsageError `incident.over` for one that has ended."""
        self._put(FREEZES, freeze, {"over": not freeze.stands, "since": format_instant(freeze.since)})

    def reports(self) -> tuple[Report, ...]:
        """All, oldest first."""
        return self._read(Report, _rows(REPORTS))

    def find_report(self, id_: str) -> Report:
        """By id or an unambiguous beginning of it; UsageError `report.unknown`."""
        return self._find(Report, REPORTS, id_, "rp_", "report")

    def put_report(self, report: Report) -> None:
        """Add or replace."""
        self._put(REPORTS, report, {"since": format_instant(report.at)})

    def _read(self, kind: type[T], query: Select[Any]) -> tuple[T, ...]:
        with self._database.read() as connection:
            texts = connection.execute(query).scalars().all()
        try:
            return tuple(decode_facts(kind, text) for text in texts)
        except (TypeError, ValueError):
            raise self._database.damaged() from None

    def _find(self, kind: type[T], table: Table, id_: str, prefix: str, word: str) -> T:
        full = id_ if id_.startswith(prefix) else prefix + id_
        query = _rows(table).where(table.c.id.startswith(full, autoescape=True)).limit(2)
        found = self._read(kind, query)
        if full == prefix or len(found) != 1:
            raise unknown(id_, word, several=bool(found))
        return found[0]

    def _put(self, table: Table, value: Incident | Freeze | Report, row: dict[str, Any]) -> None:
        row |= {"id": value.id, "facts": encode_facts(value)}
        with self._database.write() as connection:
            before = connection.scalar(select(table.c.facts).where(table.c.id == value.id))
            if before is None:
                connection.execute(insert(table).values(row))
                return
            if not isinstance(value, Report):
                (old,) = self._read(type(value), select(table.c.facts).where(table.c.id == value.id))
                if not may_replace(old, value):
                    raise _over(value.id)
            connection.execute(update(table).where(table.c.id == value.id).values(row))


def unknown(id_: str, word: str, *, several: bool) -> UsageError:
    """The error for an id that names none, or more than one."""
    return UsageError(
        f"{id_!r} is {f'more than one {word}' if several else f'no {word}'}",
        code=f"{word}.unknown",
        hint="keyguard incident list --all" if word == "incident" else "keyguard report list",
    )


def _over(id_: str) -> UsageError:
    return UsageError(f"{id_} is over, and history stays", code="incident.over", still="nothing was changed")


def _rows(table: Table) -> Select[Any]:
    return select(table.c.facts).order_by(table.c.since, table.c.id)
