"""Who is who, and who may use what: desks, persons, parties, grants, approvals. Holds no secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from keyguard.core.people import Approval, Desk, Grant, Party, Person, SigningKey
from keyguard.core.reviews import Review
from keyguard.core.rights import RightsPolicy


class People(Protocol):
    """Adds and changes, never deletes, but for `forget`. Every method is one transaction (StoreError, exit 3)
    and joins an open `Inventory.transaction()`; so a record and what it tells of stand on disk together or
    not at all.

    `put_*` adds or replaces by id. What has ended stays so: changing it raises UsageError `people.ended`.
    """

    @property
    def policy(self) -> RightsPolicy:
        """What this home's configuration chose."""
        ...

    def declared(self) -> bool:
        """Whether a person or a grant was ever declared."""
        ...

    def desks(self) -> tuple[Desk, ...]:
        """All, past ones too, by name."""
        ...

    def put_desk(self, desk: Desk) -> None:
        """Add or replace."""
        ...

    def persons(self) -> tuple[Person, ...]:
        """All, past ones too, by id."""
        ...

    def put_person(self, person: Person) -> None:
        """Add or replace."""
        ...

    def parties(self) -> tuple[Party, ...]:
        """All, past ones too, by id."""
        ...

    def put_party(self, party: Party) -> None:
        """Add or replace."""
        ...

    def grants(self, *, person: str | None = None) -> tuple[Grant, ...]:
        """All, or one person's, past and rejected ones too, oldest first."""
        ...

    def put_grant(self, grant: Grant) -> None:
        """Add or replace."""
        ...

    def approvals(self) -> tuple[Approval, ...]:
        """All, oldest first."""
        ...

    def put_approval(self, approval: Approval) -> None:
        """Add or replace; what was decided stays so (UsageError `people.ended`)."""
        ...

    def signing_keys(self) -> tuple[SigningKey, ...]:
        """All, past ones too, oldest first."""
        ...

    def put_signing_key(self, key: SigningKey) -> None:
        """Add or replace."""
        ...

    def reviews(self) -> tuple[Review, ...]:
        """All, closed ones too, oldest first."""
        ...

    def put_review(self, review: Review) -> None:
        """Add or replace; one that was closed stays so."""
        ...

    def forget(self, person: str, instead: str) -> None:
        """Put `instead` in the place of a person's id wherever the database names them, and nothing in that
        of their name, OS users and roles; the bytes that were there are overwritten."""
        ...

    def notes(self, prefix: str) -> Mapping[str, str]:
        """What the audit log was told already, by name."""
        ...

    def note(self, name: str, value: str) -> None:
        """Remember that the log was told; replaces what the name held."""
        ...
