"""Findings on the database, and what people were told of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table, delete, insert, select, update

from keyguard.core.alerts import Said
from keyguard.core.canonical import format_instant
from keyguard.core.errors import UsageError
from keyguard.core.findings import STANDING, Finding
from keyguard.stores.database import Database
from keyguard.stores.facts import T, decode_facts, encode_facts
from keyguard.stores.tables import ALERTS, FINDINGS


class SqlFindings:
    """Findings are changed but never deleted; the database itself refuses a deletion."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[Finding, ...]:
        """All, past ones too, oldest first."""
        return self._read(Finding, _rows(FINDINGS))

    def standing(self) -> tuple[Finding, ...]:
        """Those that are open or accepted, oldest first."""
        states = sorted(state.value for state in STANDING)
        return self._read(Finding, _rows(FINDINGS).where(FINDINGS.c.state.in_(states)))

    def get(self, id_: str) -> Finding | None:
        """The finding of exactly this id, None if there never was one."""
        return next(iter(self._read(Finding, _rows(FINDINGS).where(FINDINGS.c.id == id_))), None)

    def find(self, id_: str) -> Finding:
        """By id or an unambiguous beginning of it; UsageError `finding.unknown`."""
        query = _rows(FINDINGS).where(FINDINGS.c.id.startswith(id_, autoescape=True)).limit(2)
        found = self._read(Finding, query)
        if not id_ or len(found) != 1:
            raise UsageError(
                f"{id_!r} is {'more than one finding' if found else 'no finding'}",
                code="finding.unknown",
                hint="keyguard finding list",
            )
        return found[0]

    def put(self, finding: Finding) -> None:
        """Add or replace by id."""
        row = {
            "id": finding.id,
            "state": finding.state.value,
            "since": format_instant(finding.since),
            "facts": encode_facts(finding),
        }
        self._put(FINDINGS, row)

    def said(self) -> tuple[Said, ...]:
        """What people were told of findings, oldest first."""
        return self._read(Said, _rows(ALERTS))

    def say(self, said: Said) -> None:
        """Add or replace by the alert's id."""
        since = format_instant(said.told.since)
        self._put(ALERTS, {"id": said.alert.id, "since": since, "facts": encode_facts(said)})

    def unsay(self, alert_id: str) -> None:
        """Forget an alert; one that is not there is fine."""
        with self._database.write() as connection:
            connection.execute(delete(ALERTS).where(ALERTS.c.id == alert_id))

    def _read(self, kind: type[T], query: Select[Any]) -> tuple[T, ...]:
        with self._database.read() as connection:
            texts = connection.execute(query).scalars().all()
        try:
            return tuple(decode_facts(kind, text) for text in texts)
        except (TypeError, ValueError):
            raise self._database.damaged() from None

    def _put(self, table: Table, row: dict[str, str]) -> None:
        with self._database.write() as connection:
            change = update(table).where(table.c.id == row["id"]).values(row)
            if not connection.execute(change).rowcount:
                connection.execute(insert(table).values(row))


def _rows(table: Table) -> Select[Any]:
    return select(table.c.facts).order_by(table.c.since, table.c.id)
