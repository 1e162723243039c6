"""Desks, persons, parties, grants, approvals: who is who and who was allowed what, at every instant.

Nothing here is ever deleted. What is over has an end, so that for any instant of the past it can be told
who could use a key; who left long ago may be forgotten (`forgetting.py`), and stands here without a name.
All instants are UTC; intervals are half-open, `[since, end)`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from keyguard.core.keys import Environment, Key, Scope


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when something holds. `until` was planned, `ended_at` happened; the earlier one counts."""

    since: datetime
    until: datetime | None = None
    ended_at: datetime | None = None

    @property
    def end(self) -> datetime | None:
        """The first instant at which it no longer holds; None while none is known."""
        return min((at for at in (self.until, self.ended_at) if at is not None), default=None)

    def begun(self, at: datetime) -> bool:
        """Whether it had begun by then."""
        return self.since <= at

    def over(self, at: datetime) -> bool:
        """Whether it had ended by then."""
        return self.end is not None and self.end <= at

    def covers(self, at: datetime) -> bool:
        """Whether it holds at that instant."""
        return self.begun(at) and not self.over(at)

    def gone(self, now: datetime) -> bool:
        """Whether it is over, asked now. What was ended has ended: the clock that asks may be behind that of
        the host that ended it."""
        return self.ended_at is not None or self.over(now)

    def meets(self, start: datetime, stop: datetime) -> bool:
        """Whether it holds at any instant of `[start, stop)`."""
        first = max(self.since, start)
        return first < stop and not self.over(first)


class Capacity(enum.Enum):
    """What a person is to the firm (KGA/1 §5.3 `access.grant`)."""

    EMPLOYEE = "employee"
    CONTRACTOR = "contractor"
    AFFILIATE_STAFF = "affiliate_staff"
    VENDOR_STAFF = "vendor_staff"
    SERVICE = "service"  # a bot's or job's own account


EXTERNAL = frozenset({Capacity.CONTRACTOR, Capacity.AFFILIATE_STAFF, Capacity.VENDOR_STAFF})
"""Capacities of people who belong to another company: they need a party with a contract."""


class PartyKind(enum.Enum):
    """What another company is to the firm (KGA/1 §5.3 `party.set`)."""

    AFFILIATE = "affiliate"
    CONTRACTOR = "contractor"
    VENDOR = "vendor"
    ISSUER = "issuer"
    CLIENT = "client"


class Role(enum.Enum):
    """A duty that a person holds (KGA/1 §5.3 `role.assign`)."""

    COMPLIANCE_OFFICER = "compliance_officer"
    DESK_HEAD = "desk_head"
    KEY_ADMIN = "key_admin"
    APPROVER = "approver"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Desk:
    """A trading desk. `name` is what keys call theirs; `head` is a person's id or ""."""

    name: str
    span: Span
    purpose: str = ""
    head: str = ""


@dataclass(frozen=True, slots=True)
class OsUser:
    """An operating-system user that is this person; on one host, or ("") on every host."""

    user: str
    span: Span
    host: str = ""

    def is_user(self, user: str, host: str, at: datetime) -> bool:
        """Whether this names that user of that host then."""
        return self.user == user and self.host in ("", host) and self.span.covers(at)

    def __str__(self) -> str:
        return f"{self.user}@{self.host}" if self.host else self.user


@dataclass(frozen=True, slots=True)
class Person:
    """A human or a service account. `id` is a short word and never reused; `name` stays out of records.

    `environment` TEST: whatever this person runs is a test and never gets a live key.
    """

    id: str
    capacity: Capacity
    span: Span
    name: str = ""
    party: str = ""
    users: tuple[OsUser, ...] = ()
    roles: frozenset[Role] = frozenset()
    environment: Environment = Environment.LIVE


def is_external(person: Person) -> bool:
    """Whether they belong to another company."""
    return person.capacity in EXTERNAL or bool(person.party)


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract with a party. `reference` names the paper; records hold its digest alone."""

    reference: str
    since: datetime
    until: datetime

    def covers(self, at: datetime) -> bool:
        """Whether it is in force then."""
        return self.since <= at < self.until


@dataclass(frozen=True, slots=True)
class Party:
    """Another company, whose staff works for the firm. A renewal adds a contract, it replaces none."""

    id: str
    kind: PartyKind
    relation: str
    span: Span
    contracts: tuple[Contract, ...]
    name: str = ""
    country: str = ""
    diligence_at: datetime | None = None
    diligence_until: datetime | None = None

    def contract(self, at: datetime) -> Contract | None:
        """The contract in force then; of several the one that ends last."""
        held = [contract for contract in self.contracts if contract.covers(at)]
        return max(held, key=lambda contract: contract.until) if held and self.span.covers(at) else None

    @property
    def latest(self) -> Contract:
        """The contract that ends last, in force or not."""
        return max(self.contracts, key=lambda contract: contract.until)


class GrantState(enum.Enum):
    """Whether a grant is in force: one that waits for a second person is not."""

    ASKED = "asked"
    GIVEN = "given"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Grant:
    """A person may use a key, or every key of a desk (`key_id` ""), up to these scopes.

    Empty `hosts`, `users` and `executables` bind it to none. `executables` are absolute paths. A `purpose`
    is the only one that may be stated at a hand-out; "" allows any.
    """

    id: str
    person: str
    span: Span
    scopes: Scope
    key_id: str = ""
    desk: str = ""
    purpose: str = ""
    hosts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    executables: tuple[str, ...] = ()
    given_by: str = ""
    approval: str = ""
    state: GrantState = GrantState.GIVEN

    def includes(self, key: Key) -> bool:
        """Whether it is about this key."""
        return self.key_id == key.id if self.key_id else self.desk == key.desk


class Action(enum.Enum):
    """What a second person may have to approve."""

    GRANT = "grant"
    REVEAL = "reveal"
    WIDEN = "widen"
    USE = "use"  # what a rule on use would not let pass alone
    EXCEPTION = "exception"
    SIGNER = "signer"  # whose key signs for the firm
    LOG = "log"  # that a restored log signs again, or a new one begins


class Decision(enum.Enum):
    """What the approver said (KGA/1 §5.3 `approval.decide`)."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Compensation:
    """What stands in for the missing second person: an exception of KGA/1 §5.3, open until `until`."""

    exception: str
    control: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """A request for a second person's word, and that word.

    `rule` says which rule of the policy asks for it; `subject` names what it is about by internal ids.
    `signature`: of the approver's own key (`core/signing.py`), "" where they have none and the approver is
    whom the OS user is.
    `used_at`: when the one action it allows was done.
    """

    id: str
    action: Action
    rule: str
    subject: Mapping[str, str]
    asked_by: str
    asked_at: datetime
    why: str
    decision: Decision | None = None
    decided_by: str = ""
    decided_at: datetime | None = None
    comment: str = ""
    signature: str = ""
    compensation: Compensation | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key with which a person signs what they approve; the private half is in a file of theirs."""

    id: str
    person: str
    public: str
    """Ed25519, in hex."""
    span: Span


Kept = Desk | Person | Party | Grant | Approval | SigningKey


class Lasting(Protocol):
    """What has a beginning and an end."""

    @property
    def span(self) -> Span:
        """From when to when."""


def may_replace(old: Kept | Lasting, new: Kept | Lasting) -> bool:
    """Whether `new` may stand where `old` stood: an end and a decision stay, a use is noted once."""
    if old == new:
        return True
    if isinstance(old, Approval):
        assert isinstance(new, Approval)
        return old.decision is None or (old.used_at is None and replace(new, used_at=None) == old)
    if isinstance(old, Grant) and old.state is GrantState.REJECTED:
        return False
    return old.span.ended_at is None
