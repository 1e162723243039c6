"""Take a person who left out of every table that names them."""

from __future__ import annotations

import json

from sqlalchemy import Connection, Table, select, update

from keyguard.core.forgetting import renamed
from keyguard.stores.tables import (
    APPROVALS,
    DESKS,
    FINDINGS,
    FREEZES,
    GRANTS,
    INCIDENTS,
    KEYS,
    LEASES,
    PERSONS,
    REPORTS,
    REVIEWS,
    SIGNING_KEYS,
)

_FACTS = (DESKS, PERSONS, GRANTS, APPROVALS, SIGNING_KEYS, REVIEWS, FINDINGS, INCIDENTS, FREEZES, REPORTS)
_ABOUT = (PERSONS, GRANTS, APPROVALS, SIGNING_KEYS)


def rename(connection: Connection, id_: str, instead: str) -> None:
    """Put `instead` in the place of a person's id, and nothing in that of their name, OS users and roles."""
    for table in _FACTS:
        _rename_facts(connection, table, id_, instead)
    for table in _ABOUT:
        connection.execute(update(table).where(table.c.person == id_).values(person=instead))
    facts = connection.scalar(select(PERSONS.c.facts).where(PERSONS.c.id == id_))
    if facts is not None:
        bare = json.loads(facts) | {"id": instead, "name": "", "users": [], "roles": []}
        row = {"id": instead, "facts": json.dumps(bare, sort_keys=True)}
        connection.execute(update(PERSONS).where(PERSONS.c.id == id_).values(row))
    connection.execute(update(LEASES).where(LEASES.c.person == id_).values(person=instead))
    connection.execute(update(KEYS).where(KEYS.c.owner == id_).values(owner=instead))


def _rename_facts(connection: Connection, table: Table, id_: str, instead: str) -> None:
    query = select(table.c.id, table.c.facts).where(table.c.facts.contains(id_, autoescape=True))
    for row in connection.execute(query).all():
        facts = json.dumps(renamed(json.loads(row.facts), id_, instead), sort_keys=True)
        if facts != row.facts:
            connection.execute(update(table).where(table.c.id == row.id).values(facts=facts))
