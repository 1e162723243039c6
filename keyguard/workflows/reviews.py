"""Reviews of who may use what: open one for a desk, decide each grant, close it.

A decision takes effect in the transaction that records it: `remove` ends the grant, `reduce` puts a narrower
one in its place. Where a person was handed a version that still works, the radar asks for its rotation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from keyguard.core.errors import UsageError
from keyguard.core.keys import Scope
from keyguard.core.people import (
    Action,
    Approval,
    Capacity,
    Compensation,
    Decision,
    Grant,
    Role,
    Span,
    is_external,
)
from keyguard.core.reviews import DUE_IN, EVERY, Review, ReviewItem, Verdict
from keyguard.core.rights import SelfApproval
from keyguard.ports.all import Ports
from keyguard.workflows import end_grant, review_items, review_records
from keyguard.workflows import people_records as told
from keyguard.workflows.approvals import record_decision, record_request
from keyguard.workflows.authority import Acting, acting, demand_admin, holders
from keyguard.workflows.freezes import AUTOMATIC
from keyguard.workflows.identity import Actor


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision about one grant. `scopes`: what is left of it, for REDUCE."""

    verdict: Verdict
    reason: str = ""
    scopes: Scope = Scope.NONE


def open_review(
    ports: Ports,
    desk: str,
    *,
    actor: Actor,
    external: bool = False,
    due: datetime | None = None,
    reviewers: Sequence[str] = (),
) -> Review:
    """Open one over the grants in force for a desk's keys; `external`: of other companies' people alone.

    `reviewers` are by default all people of the firm itself. UsageError `review.running`, `.empty`, `.due`.
    """
    who = demand_admin(ports, actor)
    return _open(ports, desk, who.id, external=external, due=due, reviewers=reviewers)


def open_due(ports: Ports, desk: str, *, external: bool) -> Review:
    """As `open_review`, by keyguard itself and for all people of the firm, where the firm chose so."""
    return _open(ports, desk, AUTOMATIC, external=external, due=None, reviewers=())


def _open(
    ports: Ports, desk: str, by: str, *, external: bool, due: datetime | None, reviewers: Sequence[str]
) -> Review:
    named, seen = told.namers(ports), review_items.seen(ports, desk, external=external)
    with ports.inventory.transaction():
        now = ports.clock.now()
        until = due or now + DUE_IN
        if until <= now:
            raise _refused("the due date is past", "review.due")
        if any(one.is_open() and (one.desk, bool(one.external)) == (desk, external) for one in _all(ports)):
            raise _refused(f"a review of {desk} is open already", "review.running", "keyguard review list")
        if not seen:
            raise _refused(f"nobody has a grant for a key of {desk}", "review.empty")
        review = Review(
            id=f"rv_{ports.clock.token(8).hex()}",
            desk=desk,
            span=Span(now, until),
            reviewers=_reviewers(ports, reviewers, now),
            items=seen,
            opened_by=by,
            external="external" if external else "",
        )
        told.change(ports, named, "review", review.id, "declared", review_records.private(review))
        review_records.opened(ports, named, review)
        ports.people.put_review(review)
    return review


def decide(ports: Ports, wanted: str, grant: str, answer: Answer, *, actor: Actor) -> ReviewItem:
    """Decide one item, once; its result stands when this returns.

    Nobody keeps their own access or what they gave, except where the policy's `self_approval = "exception"`
    lets a very small firm, with a reason and on record. Keeping what is unused or too wide, removing and
    reducing take a reason. UsageError `review.unknown`, `.item`, `.decided`, `.reviewer`, `.self`, `.reason`,
    `.scopes`.
    """
    named = told.namers(ports)
    with ports.inventory.transaction():
        review, who, now = find(ports, wanted), acting(ports, actor), ports.clock.now()
        item = _undecided(review, grant)
        held = next(one for one in ports.people.grants() if one.id == item.grant)
        _demand_reviewer(ports, named, review, held, who, answer, now)
        _check(held, item, answer)
        decided = replace(item, verdict=answer.verdict, by=who.id, at=now, reason=answer.reason)
        review_records.decided(ports, named, review, decided)
        decided = replace(decided, result=_apply(ports, named, review, held, answer, who.id, now))
        review_records.applied(ports, named, review, decided)
        items = tuple(decided if one.grant == item.grant else one for one in review.items)
        ports.people.put_review(replace(review, items=items))
    return decided


def close(ports: Ports, wanted: str, *, actor: Actor) -> Review:
    """Close it. What is undecided once its suspension has begun is removed: silence is an answer.

    By the compliance officers where anybody has that role, never by who decided an item of it; until then all
    items must be decided. UsageError `review.undecided`, `.closer`, `people.ended`.
    """
    named = told.namers(ports)
    with ports.inventory.transaction():
        review, who, now = find(ports, wanted), acting(ports, actor), ports.clock.now()
        if not review.is_open():
            raise _refused(f"{review.id} was closed already", "people.ended")
        _demand_closer(ports, review, who)
        silent = review.undecided
        if silent and now < review.suspends_at:
            raise _refused(
                f"{len(silent)} items are not decided",
                "review.undecided",
                f"they can be left so from {review.suspends_at:%Y-%m-%d}; their grants then end",
            )
        items = tuple(
            _silent(ports, named, review, item, who.id, now) if item.verdict is None else item
            for item in review.items
        )
        closed = replace(review, items=items, span=replace(review.span, ended_at=now), closed_by=who.id)
        told.change(ports, named, "review", closed.id, "ended", review_records.private(closed))
        review_records.closed(ports, named, closed)
        ports.people.put_review(closed)
    return closed


def find(ports: Ports, wanted: str) -> Review:
    """By id or an unambiguous beginning of it; UsageError `review.unknown`."""
    ids = (wanted, f"rv_{wanted}")
    found = [review for review in _all(ports) if wanted and review.id.startswith(ids)]
    if len(found) != 1:
        what = "no review" if not found else f"{len(found)} reviews begin with"
        raise _refused(f"{what} {wanted!r}", "review.unknown", "keyguard review list --all")
    return found[0]


def _all(ports: Ports) -> tuple[Review, ...]:
    return ports.people.reviews()


def _reviewers(ports: Ports, wanted: Sequence[str], now: datetime) -> tuple[str, ...]:
    able = {
        one.id
        for one in ports.people.persons()
        if one.span.covers(now) and one.capacity is not Capacity.SERVICE and not is_external(one)
    }
    if unfit := sorted(set(wanted) - able):
        raise _refused(
            f"{unfit[0]} cannot review: not one of the firm's own people in force", "review.reviewer"
        )
    return tuple(sorted(wanted or able))


def _undecided(review: Review, grant: str) -> ReviewItem:
    if not review.is_open():
        raise _refused(f"{review.id} was closed already", "people.ended")
    found = [one for one in review.items if grant and one.grant.startswith((grant, f"gr_{grant}"))]
    if len(found) != 1:
        raise _refused(
            f"{review.id} has no one item {grant!r}", "review.item", f"keyguard review list {review.id}"
        )
    if found[0].verdict is not None:
        raise _refused(f"{found[0].grant} was decided already", "review.decided")
    return found[0]


def _demand_reviewer(
    ports: Ports, named: told.Namers, review: Review, grant: Grant, who: Acting, answer: Answer, now: datetime
) -> None:
    if who.id not in review.reviewers or who.person is None or not who.person.span.covers(now):
        raise _refused(
            f"{who.id} is no reviewer of {review.id}",
            "review.reviewer",
            "ask: " + ", ".join(review.reviewers),
        )
    if who.id not in (grant.person, grant.given_by) or answer.verdict is not Verdict.KEEP:
        return  # to take away is always allowed
    if ports.people.policy.self_approval is SelfApproval.REFUSED:
        raise _refused(
            f"{who.id} has or gave this access, and cannot say that it is to stay",
            "review.self",
            'ask another reviewer; a very small firm can set self_approval = "exception"',
        )
    if not answer.reason:
        raise _refused("keeping one's own access is an exception", "review.reason", "--reason R")
    _except(ports, named, grant, who.id, answer.reason, now)


def _except(ports: Ports, named: told.Namers, grant: Grant, by: str, reason: str, now: datetime) -> None:
    """The exception, as an approval by the person themself with what makes up for it."""
    instead = Compensation(f"ex_{ports.clock.token(8).hex()}", reason, now + EVERY)
    approval = Approval(
        id=f"ap_{ports.clock.token(8).hex()}",
        action=Action.EXCEPTION,
        rule="",
        subject={"grant": grant.id, "person": grant.person},
        asked_by=by,
        asked_at=now,
        why="review of one's own access",
        decision=Decision.APPROVE,
        decided_by=by,
        decided_at=now,
        compensation=instead,
        used_at=now,
    )
    keys = [key for key in ports.inventory.keys() if grant.includes(key)]  # noqa: SIM118 - of the port
    record_request(ports, named, approval, keys)
    record_decision(ports, named, approval)
    ports.people.put_approval(approval)


def _check(grant: Grant, item: ReviewItem, answer: Answer) -> None:
    if not answer.reason and (answer.verdict is not Verdict.KEEP or item.flagged):
        why = "it is not used, or can do more than it needs" if item.flagged else "it takes something away"
        raise _refused(f"a reason is needed: {why}", "review.reason", "--reason R")
    if answer.verdict is Verdict.REDUCE and not (
        answer.scopes and answer.scopes != grant.scopes and not answer.scopes & ~grant.scopes
    ):
        raise _refused(
            "to reduce means fewer of the granted scopes", "review.scopes", "--scopes, or --remove"
        )


def _apply(
    ports: Ports, named: told.Namers, review: Review, grant: Grant, answer: Answer, by: str, now: datetime
) -> str:
    """What came of it, in a word for the record."""
    if answer.verdict is Verdict.KEEP:
        return "kept"
    if grant.span.gone(now):
        return "ended before"
    if answer.verdict is Verdict.REDUCE:
        _narrow(ports, named, review, grant, answer, by, now)
    else:
        end_grant.end_one(ports, named, grant, by=by, reason=f"review {review.id}", at=now)
    return "reduced" if answer.verdict is Verdict.REDUCE else "ended"


def _narrow(
    ports: Ports, named: told.Namers, review: Review, grant: Grant, answer: Answer, by: str, now: datetime
) -> None:
    """A narrower grant in its place; nobody's second word is needed to take away."""
    keys = [key for key in ports.inventory.keys() if grant.includes(key)]  # noqa: SIM118 - of the port
    id_ = f"gr_{ports.clock.token(8).hex()}"
    approval = Approval(
        id=f"ap_{ports.clock.token(8).hex()}",
        action=Action.GRANT,
        rule="",
        subject={"grant": id_, "person": grant.person},
        asked_by=by,
        asked_at=now,
        why=f"review {review.id}",
        decision=Decision.APPROVE,
        decided_by=by,
        decided_at=now,
        used_at=now,
    )
    narrower = replace(
        grant,
        id=id_,
        scopes=answer.scopes,
        span=Span(now, grant.span.until),
        given_by=by,
        approval=approval.id,
    )
    end_grant.end_one(ports, named, grant, by=by, reason=f"review {review.id}", at=now)
    record_request(ports, named, approval, keys)
    told.change(ports, named, "grant", id_, "declared", told.private_grant(narrower))
    ports.people.put_approval(approval)
    ports.people.put_grant(narrower)
    record_decision(ports, named, approval)
    told.cover(ports, named, [narrower], keys)


def _demand_closer(ports: Ports, review: Review, who: Acting) -> None:
    officers = [one.id for one in holders(ports, Role.COMPLIANCE_OFFICER)]
    if officers and who.id not in officers:
        raise _refused(f"{who.id} may not close it", "review.closer", "ask: " + ", ".join(officers))
    lenient = ports.people.policy.self_approval is SelfApproval.EXCEPTION
    if who.person is None or (who.id in {item.by for item in review.items} and not lenient):
        raise _refused(f"{who.id} decided items of it, or is no person here", "review.closer", "ask another")


def _silent(
    ports: Ports, named: told.Namers, review: Review, item: ReviewItem, by: str, now: datetime
) -> ReviewItem:
    """Nobody answered: the grant, suspended since the grace, ends. It stays undecided in the record."""
    grant = next(one for one in ports.people.grants() if one.id == item.grant)
    result = "ended before"
    if not grant.span.gone(now):
        end_grant.end_one(ports, named, grant, by=by, reason=f"review {review.id}: no answer", at=now)
        result = "ended"
    done = replace(item, at=now, result=result)
    review_records.applied(ports, named, review, done)
    return done


def _refused(what: str, code: str, hint: str = "") -> UsageError:
    return UsageError(what, code=code, still="nothing was changed", hint=hint)
