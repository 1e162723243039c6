"""Who may use which key, and who may approve what. Pure decisions over what `core/people.py` holds.

What is not allowed is refused with one reason; of several grants that fail, the reason of the one that came
furthest is told, because that is the one a person can mend with least.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from keyguard.core.keys import DANGEROUS, Environment, Key, Scope
from keyguard.core.people import (
    EXTERNAL,
    Approval,
    Capacity,
    Desk,
    Grant,
    GrantState,
    Party,
    Person,
    Role,
)


class Mode(enum.Enum):
    """How strictly rights are taken. AUTO: enforced as soon as a person or a grant was ever declared."""

    AUTO = ""
    ENFORCED = "enforced"
    OPEN = "open"


class FourEyes(enum.Enum):
    """Which grants need a second person. RISKY: those to other companies' people, and of scopes by which
    an account is emptied. Revealing, widening and exceptions need one in either case."""

    RISKY = "risky"
    ALWAYS = "always"


class SelfApproval(enum.Enum):
    """What becomes of an approval by the one who asked or gains."""

    REFUSED = "refused"
    EXCEPTION = "exception"  # allowed with a compensating control, recorded as an exception


@dataclass(frozen=True, slots=True)
class RightsPolicy:
    """The firm's choices, from its configuration."""

    mode: Mode = Mode.AUTO
    four_eyes: FourEyes = FourEyes.RISKY
    self_approval: SelfApproval = SelfApproval.REFUSED
    signatures_required: bool = False
    """Whether who has no signing key may not approve; who has one signs in either case."""


class Reason(enum.Enum):
    """Why a use is refused. The order is that of the checks: later ones came further."""

    TEST_PROCESS = "test_process"
    DESK_ENDED = "desk_ended"
    PERSON_UNKNOWN = "person_unknown"
    PERSON_EARLY = "person_early"
    PERSON_ENDED = "person_ended"
    PARTY_UNKNOWN = "party_unknown"
    CONTRACT_OVER = "contract_over"
    NO_GRANT = "no_grant"
    GRANT_REJECTED = "grant_rejected"
    GRANT_ENDED = "grant_ended"
    GRANT_ASKED = "grant_asked"
    GRANT_EARLY = "grant_early"
    GRANT_UNREVIEWED = "grant_unreviewed"
    HOST = "host"
    USER = "user"
    EXECUTABLE = "executable"
    PURPOSE = "purpose"
    SCOPES_UNKNOWN = "scopes_unknown"
    SCOPES = "scopes"


_ORDER = {reason: number for number, reason in enumerate(Reason)}


@dataclass(frozen=True, slots=True)
class Use:
    """One attempt to use a key. `environment` is that of the process; `executable` an absolute path or "".

    `scopes` is what the key can do, as reported or else declared; None where nobody knows.
    """

    key: Key
    now: datetime
    host: str
    user: str
    scopes: Scope | None
    executable: str = ""
    purpose: str = ""
    environment: Environment = Environment.LIVE


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may be used, by this grant; None where rights are open and nothing was granted."""

    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not be used."""

    reason: Reason
    grant: Grant | None = None


def may_use(
    person: Person | None,
    use: Use,
    grants: Iterable[Grant],
    *,
    party: Party | None = None,
    desk: Desk | None = None,
    enforced: bool = True,
    suspended: frozenset[str] = frozenset(),
) -> Allowed | Refused:
    """Decide one use. `grants` are the person's, of any key and any time; `party` is the person's.
    `suspended` are ids of grants that a review was silent about.

    Not `enforced`: what nobody declared is allowed; what is declared (an end, a contract, a test) counts.
    """
    if (general := _outside_grants(person, use, party, desk)) is not None:
        if enforced or general is not Reason.PERSON_UNKNOWN:
            return Refused(general)
        return Allowed()
    assert person is not None
    mine = [grant for grant in grants if grant.person == person.id and grant.includes(use.key)]
    failed = []
    for grant in mine:
        if (reason := _grant_fails(grant, use, suspended)) is None:
            return Allowed(grant)
        failed.append(Refused(reason, grant))
    if not enforced:
        return Allowed()
    return max(failed, key=lambda one: _ORDER[one.reason], default=Refused(Reason.NO_GRANT))


def _outside_grants(person: Person | None, use: Use, party: Party | None, desk: Desk | None) -> Reason | None:
    """What refuses whatever was granted; the first that applies."""
    is_test = use.environment is not Environment.LIVE or (
        person is not None and person.environment is not Environment.LIVE
    )
    if is_test and use.key.environment is Environment.LIVE:
        return Reason.TEST_PROCESS
    if desk is not None and desk.span.gone(use.now):
        return Reason.DESK_ENDED
    if person is None:
        return Reason.PERSON_UNKNOWN
    if not person.span.begun(use.now):
        return Reason.PERSON_EARLY
    if person.span.gone(use.now):
        return Reason.PERSON_ENDED
    if person.capacity in EXTERNAL or person.party:
        if party is None or party.id != person.party:
            return Reason.PARTY_UNKNOWN
        if party.span.gone(use.now) or party.contract(use.now) is None:
            return Reason.CONTRACT_OVER
    return None


def _grant_fails(grant: Grant, use: Use, suspended: frozenset[str]) -> Reason | None:
    """Why this grant does not allow the use; None if it does."""
    checks = (
        (grant.state is GrantState.REJECTED, Reason.GRANT_REJECTED),
        (grant.span.gone(use.now), Reason.GRANT_ENDED),
        (grant.state is GrantState.ASKED, Reason.GRANT_ASKED),
        (not grant.span.begun(use.now), Reason.GRANT_EARLY),
        (grant.id in suspended, Reason.GRANT_UNREVIEWED),
        (bool(grant.hosts) and use.host not in grant.hosts, Reason.HOST),
        (bool(grant.users) and use.user not in grant.users, Reason.USER),
        (bool(grant.executables) and use.executable not in grant.executables, Reason.EXECUTABLE),
        (bool(grant.purpose and use.purpose) and use.purpose != grant.purpose, Reason.PURPOSE),
        (use.scopes is None, Reason.SCOPES_UNKNOWN),
        (bool((use.scopes or Scope.NONE) & ~grant.scopes), Reason.SCOPES),
    )
    return next((reason for failed, reason in checks if failed), None)


def rule_for_grant(policy: RightsPolicy, person: Person, scopes: Scope) -> str:
    """The rule by which this grant needs a second person; "" where it needs none."""
    if person.capacity in EXTERNAL or person.party:
        return "external_grant"
    if scopes & DANGEROUS:
        return "dangerous_scopes"
    return "every_grant" if policy.four_eyes is FourEyes.ALWAYS else ""


class Unfit(enum.Enum):
    """Why somebody may not decide an approval."""

    UNKNOWN = "unknown"
    ENDED = "ended"
    SERVICE = "service"
    EXTERNAL = "external"
    NO_ROLE = "no_role"
    SELF = "self"


def may_decide(
    approver: Person | None, approval: Approval, now: datetime, *, approvers_named: bool
) -> Unfit | None:
    """Why this person may not approve this; None if they may.

    `approvers_named`: somebody holds the role of an approver, so nobody else approves. Who asked and who
    gains (`subject["person"]`) cannot approve; people of other companies only with that role.
    """
    if approver is None:
        return Unfit.UNKNOWN
    if approver.span.gone(now) or not approver.span.begun(now):
        return Unfit.ENDED
    if approver.capacity is Capacity.SERVICE:
        return Unfit.SERVICE
    if approvers_named and Role.APPROVER not in approver.roles:
        return Unfit.NO_ROLE
    if approver.capacity in EXTERNAL and Role.APPROVER not in approver.roles:
        return Unfit.EXTERNAL
    return Unfit.SELF if approver.id in (approval.asked_by, approval.subject.get("person", "")) else None
