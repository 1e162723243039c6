"""Four eyes: ask for a second person's word, give it, and use it once.

The approver is the person whose OS user decides; who has a signing key (`signers.py`) also signs, and a
signature that does not fit what is stored is never acted on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from keyguard.core.errors import UsageError
from keyguard.core.keys import Key, VersionStatus
from keyguard.core.people import Action, Approval, Compensation, Decision, Grant, GrantState, Role
from keyguard.core.rights import SelfApproval, Unfit, may_decide
from keyguard.ports.all import Ports
from keyguard.ports.signer import Signer
from keyguard.workflows import people_records as told
from keyguard.workflows import signers
from keyguard.workflows.authority import Acting, acting, enforced, holders
from keyguard.workflows.identity import Actor

GOOD_FOR = timedelta(hours=24)
"""How long a decision may wait for the one action it allows."""


def require(
    ports: Ports,
    action: Action,
    key: Key,
    *,
    actor: Actor,
    why: str,
    about: Mapping[str, str] | None = None,
) -> Approval | None:
    """Take a second person's word for this action on this key; None where rights are open.

    `about` binds it closer: the word holds where all of that is the same. `why` goes to the key's venue.
    The first call asks and raises UsageError `approval.needed`; once somebody else has approved, the next
    call by the same person within a day uses the approval up and returns it. `approval.waits` meanwhile.
    """
    what = f"{action.value} {key.name}"
    return _require(ports, action, [key], {**(about or {}), "key": key.id}, what, actor, why)


def require_for_firm(
    ports: Ports, action: Action, what: str, *, actor: Actor, why: str, about: Mapping[str, str]
) -> Approval | None:
    """As `require`, for what concerns no key: no venue is told. `what` names it for people."""
    return _require(ports, action, [], about, what, actor, why)


def _require(
    ports: Ports,
    action: Action,
    keys: Sequence[Key],
    about: Mapping[str, str],
    what: str,
    actor: Actor,
    why: str,
) -> Approval | None:
    if not enforced(ports):
        return None
    named, now = told.namers(ports), ports.clock.now()
    with ports.inventory.transaction():
        who = acting(ports, actor)
        subject = {**about, "person": who.id}
        mine = [
            approval
            for approval in ports.people.approvals()
            if approval.action is action and dict(approval.subject) == subject and approval.used_at is None
        ]
        usable = [one for one in mine if one.decision is Decision.APPROVE and _fresh(one, now)]
        waiting = [one for one in mine if one.decision is None]
        if usable:
            signers.check(ports, usable[-1], good_until(usable[-1]))
            used = replace(usable[-1], used_at=now)
            told.change(ports, named, "approval", used.id, "changed", told.private_approval(used))
            ports.people.put_approval(used)
            return used
        id_ = waiting[-1].id if waiting else f"ap_{ports.clock.token(8).hex()}"
        if not waiting:
            asked = Approval(id_, action, action.value, subject, who.id, now, why)
            record_request(ports, named, asked, keys)
            ports.people.put_approval(asked)
    raise UsageError(
        f"to {what} a second person must agree",
        code="approval.waits" if waiting else "approval.needed",
        still=f"nothing was done; {id_} waits for an answer",
        hint=f"somebody else: keyguard approve {id_}; then run this again",
    )


def decide(
    ports: Ports,
    wanted: str,
    decision: Decision,
    *,
    actor: Actor,
    comment: str = "",
    compensating: str = "",
    until: datetime | None = None,
    signer: Signer | None = None,
) -> Approval:
    """Approve or reject. A grant is in force, or over, when this returns.

    Approving takes another person than who asked or gains; with the policy's `self_approval = "exception"`
    the same person may, naming what compensates for it and until when. Rejecting takes nobody special.
    `signer` is the approver's own key, needed where they have registered one or the policy demands it.
    Raises UsageError `approval.unknown`, `.decided`, `.self`, `.unfit`, `.void`, `.unsigned`, `.signer`.
    """
    named = told.namers(ports)
    with ports.inventory.transaction():
        before, now = find(ports, wanted), ports.clock.now()
        if before.decision is not None:
            raise _refused(f"{before.id} was decided already", "approval.decided")
        who = acting(ports, actor)
        instead = None
        if decision is Decision.APPROVE:
            instead = _compensation(ports, before, who, now, compensating, until)
        decided = replace(
            before,
            decision=decision,
            decided_by=who.id,
            decided_at=now,
            comment=comment,
            compensation=instead,
        )
        decided = signers.sign(ports, decided, signer, good_until(decided))
        record_decision(ports, named, decided)
        ports.people.put_approval(decided)
        if decided.action is Action.GRANT:
            _settle_grant(ports, named, decided, now)
    return decided


def pending(ports: Ports) -> tuple[Approval, ...]:
    """What waits for an answer, oldest first."""
    return tuple(approval for approval in ports.people.approvals() if approval.decision is None)


def find(ports: Ports, wanted: str) -> Approval:
    """By id or an unambiguous beginning of it; UsageError `approval.unknown`."""
    ids = (wanted, f"ap_{wanted}")
    found = [approval for approval in ports.people.approvals() if wanted and approval.id.startswith(ids)]
    if len(found) != 1:
        what = "no approval" if not found else f"{len(found)} approvals begin with"
        raise UsageError(f"{what} {wanted!r}", code="approval.unknown", hint="keyguard approve lists them")
    return found[0]


def good_until(approval: Approval) -> datetime | None:
    """When an answer may be acted on no more; of a grant the grant itself says it."""
    if approval.action is Action.GRANT or approval.decided_at is None:
        return None
    return approval.decided_at + GOOD_FOR


def record_request(ports: Ports, named: told.Namers, approval: Approval, keys: Iterable[Key]) -> None:
    """Tell the firm's stream, and every venue with a key concerned, what is asked for."""
    told.change(ports, named, "approval", approval.id, "asked", told.private_approval(approval))
    by_venue: dict[str, list[str]] = {}
    for key in keys:
        for version in ports.inventory.versions(key.id):
            if version.status is not VersionStatus.DEAD:
                by_venue.setdefault(key.venue, []).append(version.fingerprint)
    for venue, fingerprints in by_venue.items():
        told.approval_request(ports, named[venue], approval, fingerprints)


def record_decision(ports: Ports, named: told.Namers, approval: Approval) -> None:
    """Tell the firm's stream, and the venues that were told of the request, how it was decided."""
    assert approval.decision is not None
    change = "declared" if approval.decision is Decision.APPROVE else "rejected"
    told.change(ports, named, "approval", approval.id, change, told.private_approval(approval))
    for note in ports.people.notes(f"approval/{approval.id}/"):
        if (venue := note.split("/")[2]) in named.of:
            told.approval_decide(ports, named[venue], approval)


def _compensation(
    ports: Ports, approval: Approval, who: Acting, now: datetime, control: str, until: datetime | None
) -> Compensation | None:
    """Refuse whoever may not approve; return what stands in for a second person, None where one decides."""
    named = bool(holders(ports, Role.APPROVER))
    unfit = may_decide(who.person, approval, now, approvers_named=named)
    if unfit is None:
        return None
    if unfit is not Unfit.SELF:
        raise _refused(
            f"{who.id} may not approve: {_UNFIT[unfit]}", "approval.unfit", "ask another person of the firm"
        )
    if ports.people.policy.self_approval is SelfApproval.REFUSED:
        raise _refused(
            f"{who.id} asked for this or gains by it, and cannot approve it",
            "approval.self",
            'ask another person; a very small firm can set self_approval = "exception"',
        )
    if not control or until is None or until <= now:
        raise _refused(
            "approving one's own request is an exception",
            "approval.compensating",
            "say what makes up for it, and until when: --compensating TEXT --until DATE",
        )
    return Compensation(f"ex_{ports.clock.token(8).hex()}", control, until)


def _settle_grant(ports: Ports, named: told.Namers, approval: Approval, now: datetime) -> None:
    grant = next(one for one in ports.people.grants() if one.id == approval.subject["grant"])
    if approval.decision is Decision.REJECT:
        if grant.span.ended_at is not None:
            return  # it never came into force and is over already
        rejected = replace(grant, state=GrantState.REJECTED)
        told.change(ports, named, "grant", grant.id, "rejected", told.private_grant(rejected))
        ports.people.put_grant(rejected)
        return
    if grant.span.over(now):
        raise _refused(f"the grant {grant.id} is over meanwhile", "approval.void", "ask for a new one")
    given: Grant = replace(grant, state=GrantState.GIVEN)
    told.change(ports, named, "grant", grant.id, "declared", told.private_grant(given))
    ports.people.put_grant(given)
    keys = [key for key in ports.inventory.keys() if given.includes(key)]  # noqa: SIM118 - of the port
    told.cover(ports, named, [given], keys)


def _fresh(approval: Approval, now: datetime) -> bool:
    return approval.decided_at is not None and now < approval.decided_at + GOOD_FOR


_UNFIT = {
    Unfit.UNKNOWN: "no person is declared for this OS user",
    Unfit.ENDED: "their time here is over, or has not begun",
    Unfit.SERVICE: "a service account is nobody's second pair of eyes",
    Unfit.EXTERNAL: "they belong to another company and do not hold the role of an approver",
    Unfit.NO_ROLE: "others hold the role of an approver",
}


def _refused(what: str, code: str, hint: str = "") -> UsageError:
    return UsageError(what, code=code, still="nothing was changed", hint=hint)
