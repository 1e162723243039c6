"""People on the database: desks, persons, parties, grants, approvals, and what the log was told of them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import Table, insert, select, update

from keyguard.core.canonical import format_instant
from keyguard.core.errors import UsageError
from keyguard.core.people import Approval, Desk, Grant, Kept, Party, Person, SigningKey, may_replace
from keyguard.core.reviews import Review
from keyguard.core.rights import RightsPolicy
from keyguard.stores.database import Database
from keyguard.stores.facts import decode_facts, encode_facts
from keyguard.stores.forgetting import rename
from keyguard.stores.tables import APPROVALS, DESKS, GRANTS, PARTIES, PERSONS, REVIEWS, SIGNING_KEYS, TOLD

T = TypeVar("T", bound=Kept | Review)


@lru_cache(maxsize=20_000)
def _decode(kind: Any, text: str) -> Any:
    """Every hand-out reads everybody: what it reads is seldom new, and nobody can change it."""
    return decode_facts(kind, text)


class SqlPeople:
    """Rows that are added and changed, never deleted; the database itself refuses a deletion."""

    def __init__(self, database: Database, policy: RightsPolicy) -> None:
        self._database = database
        self._policy = policy

    @property
    def policy(self) -> RightsPolicy:
        """What this home's configuration chose."""
        return self._policy

    def declared(self) -> bool:
        """Whether a person or a grant was ever declared."""
        with self._database.read() as connection:
            return any(connection.execute(select(t.c.id).limit(1)).first() for t in (PERSONS, GRANTS))

    def desks(self) -> tuple[Desk, ...]:
        """All, past ones too, by name."""
        return tuple(sorted(self._all(Desk, DESKS), key=lambda desk: desk.name))

    def put_desk(self, desk: Desk) -> None:
        """Add or replace; UsageError `people.ended` for one that ended."""
        self._put(DESKS, desk.name, "", format_instant(desk.span.since), desk)

    def persons(self) -> tuple[Person, ...]:
        """All, past ones too, by id."""
        return tuple(sorted(self._all(Person, PERSONS), key=lambda person: person.id))

    def put_person(self, person: Person) -> None:
        """Add or replace; UsageError `people.ended` for one that ended."""
        self._put(PERSONS, person.id, person.id, format_instant(person.span.since), person)

    def parties(self) -> tuple[Party, ...]:
        """All, past ones too, by id."""
        return tuple(sorted(self._all(Party, PARTIES), key=lambda party: party.id))

    def put_party(self, party: Party) -> None:
        """Add or replace; UsageError `people.ended` for one that ended."""
        self._put(PARTIES, party.id, "", format_instant(party.span.since), party)

    def grants(self, *, person: str | None = None) -> tuple[Grant, ...]:
        """All, or one person's, past and rejected ones too, oldest first."""
        return self._all(Grant, GRANTS, person)

    def put_grant(self, grant: Grant) -> None:
        """Add or replace; UsageError `people.ended` for one that ended or was rejected."""
        self._put(GRANTS, grant.id, grant.person, format_instant(grant.span.since), grant)

    def approvals(self) -> tuple[Approval, ...]:
        """All, oldest first."""
        return self._all(Approval, APPROVALS)

    def put_approval(self, approval: Approval) -> None:
        """Add or replace; what was decided stays so (UsageError `people.ended`)."""
        self._put(APPROVALS, approval.id, approval.asked_by, format_instant(approval.asked_at), approval)

    def signing_keys(self) -> tuple[SigningKey, ...]:
        """All, past ones too, oldest first."""
        return self._all(SigningKey, SIGNING_KEYS)

    def put_signing_key(self, key: SigningKey) -> None:
        """Add or replace; UsageError `people.ended` for one that ended."""
        self._put(SIGNING_KEYS, key.id, key.person, format_instant(key.span.since), key)

    def reviews(self) -> tuple[Review, ...]:
        """All, closed ones too, oldest first."""
        return self._all(Review, REVIEWS)

    def put_review(self, review: Review) -> None:
        """Add or replace; UsageError `people.ended` for one that was closed."""
        self._put(REVIEWS, review.id, "", format_instant(review.span.since), review)

    def forget(self, person: str, instead: str) -> None:
        """Put `instead` in the place of a person in every table of the database; their name goes."""
        with self._database.write(scrub=True) as connection:
            rename(connection, person, instead)
        _decode.cache_clear()

    def notes(self, prefix: str) -> Mapping[str, str]:
        """What the audit log was told already, by name."""
        query = select(TOLD).where(TOLD.c.name.startswith(prefix, autoescape=True)).order_by(TOLD.c.name)
        with self._database.read() as connection:
            return {row.name: row.value for row in connection.execute(query)}

    def note(self, name: str, value: str) -> None:
        """Remember that the log was told; replaces what the name held."""
        with self._database.write() as connection:
            change = update(TOLD).where(TOLD.c.name == name).values(value=value)
            if not connection.execute(change).rowcount:
                connection.execute(insert(TOLD).values(name=name, value=value))

    def _all(self, kind: type[T], table: Table, person: str | None = None) -> tuple[T, ...]:
        query = select(table.c.facts).order_by(table.c.since, table.c.id)
        if person is not None:
            query = query.where(table.c.person == person)
        with self._database.read() as connection:
            texts = connection.execute(query).scalars().all()
        return tuple(self._decoded(kind, text) for text in texts)

    def _decoded(self, kind: type[T], text: str) -> T:
        try:
            decoded: T = _decode(cast("Hashable", kind), text)
        except (TypeError, ValueError):
            raise self._database.damaged() from None
        return decoded

    def _put(self, table: Table, id_: str, person: str, since: str, value: Kept | Review) -> None:
        row = {"id": id_, "person": person, "since": since, "facts": encode_facts(value)}
        with self._database.write() as connection:
            before = connection.scalar(select(table.c.facts).where(table.c.id == id_))
            if before is None:
                connection.execute(insert(table).values(row))
                return
            if not may_replace(self._decoded(type(value), before), value):
                raise UsageError(
                    f"{id_} has ended or was decided, and history stays",
                    code="people.ended",
                    still="nothing was changed",
                    hint="declare it anew under another name",
                )
            connection.execute(update(table).where(table.c.id == id_).values(row))
