"""What is true of every People. A subclass gives the fixture `people`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.keys import Environment, Scope
from keyguard.core.people import (
    Action,
    Approval,
    Capacity,
    Compensation,
    Contract,
    Decision,
    Desk,
    Grant,
    GrantState,
    OsUser,
    Party,
    PartyKind,
    Person,
    Role,
    SigningKey,
    Span,
)
from keyguard.core.reviews import Review, ReviewItem, Verdict
from keyguard.core.rights import RightsPolicy
from keyguard.ports.people import People

T0 = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
DESK = Desk("현물", Span(T0), "quoting", "hana")
PERSON = Person(
    id="jo",
    capacity=Capacity.CONTRACTOR,
    span=Span(T0, T0 + DAY),
    name="조",
    party="acme",
    users=(OsUser("jo", Span(T0), "host-1"), OsUser("bot", Span(T0, None, T0 + DAY))),
    roles=frozenset({Role.AUDITOR, Role.APPROVER}),
    environment=Environment.TEST,
)
PARTY = Party(
    "acme",
    PartyKind.VENDOR,
    "hosts the engine",
    Span(T0),
    (Contract("C-1", T0, T0 + DAY),),
    "Acme",
    "KR",
    T0,
    T0 + DAY,
)
GRANT = Grant(
    id="gr_1",
    person="jo",
    span=Span(T0, T0 + DAY),
    scopes=Scope.READ | Scope.TRADE_SPOT,
    desk="현물",
    purpose="quoting",
    hosts=("host-1", "host-2"),
    users=("jo",),
    executables=("/usr/bin/bot",),
    given_by="hana",
    approval="ap_1",
    state=GrantState.ASKED,
)
ITEM = ReviewItem(
    "gr_1", "jo", ("k1",), 3, T0, ("v1",), Scope.WITHDRAW, Verdict.KEEP, "hana", T0, "why", "kept"
)
REVIEW = Review("rv_1", "현물", Span(T0, T0 + DAY), ("hana",), (ITEM,), "hana")
SIGNING_KEY = SigningKey("sk_1", "hana", "ab" * 32, Span(T0))
APPROVAL = Approval("ap_1", Action.GRANT, "external_grant", {"grant": "gr_1", "person": "jo"}, "hana", T0, "")


class PeopleContract:
    """Run on every store and fake."""

    def test_everything_reads_back(self, people: People) -> None:
        assert people.policy == RightsPolicy()
        assert not people.declared()
        people.put_desk(DESK)
        people.put_party(PARTY)
        people.put_approval(APPROVAL)
        people.put_signing_key(SIGNING_KEY)
        people.put_review(REVIEW)
        assert not people.declared()
        people.put_person(PERSON)
        people.put_grant(GRANT)
        assert people.declared()
        assert people.desks() == (DESK,)
        assert people.persons() == (PERSON,)
        assert people.parties() == (PARTY,)
        assert people.grants() == (GRANT,)
        assert people.approvals() == (APPROVAL,)
        assert people.signing_keys() == (SIGNING_KEY,)
        assert people.reviews() == (REVIEW,)

    def test_a_grant_alone_is_a_declaration(self, people: People) -> None:
        people.put_grant(GRANT)
        assert people.declared()

    def test_the_order(self, people: People) -> None:
        for id_ in ("kim", "hana"):
            people.put_person(replace(PERSON, id=id_))
            people.put_party(replace(PARTY, id=id_))
            people.put_desk(replace(DESK, name=id_))
        people.put_grant(replace(GRANT, id="gr_0", span=Span(T0 + DAY)))
        people.put_grant(GRANT)
        people.put_approval(replace(APPROVAL, id="ap_0", asked_at=T0 + DAY))
        people.put_approval(APPROVAL)
        assert [person.id for person in people.persons()] == ["hana", "kim"]
        assert [party.id for party in people.parties()] == ["hana", "kim"]
        assert [desk.name for desk in people.desks()] == ["hana", "kim"]
        assert [grant.id for grant in people.grants()] == ["gr_1", "gr_0"]
        assert [approval.id for approval in people.approvals()] == ["ap_1", "ap_0"]

    def test_one_persons_grants(self, people: People) -> None:
        people.put_grant(GRANT)
        people.put_grant(replace(GRANT, id="gr_2", person="hana"))
        assert [grant.id for grant in people.grants(person="hana")] == ["gr_2"]
        assert people.grants(person="nobody") == ()

    def test_a_change_replaces(self, people: People) -> None:
        people.put_person(PERSON)
        changed = replace(PERSON, roles=frozenset(), party="")
        people.put_person(changed)
        assert people.persons() == (changed,)

    def test_what_has_ended_stays_ended(self, people: People) -> None:
        over = Span(T0, None, T0 + DAY)
        people.put_desk(replace(DESK, span=over))
        people.put_person(replace(PERSON, span=over))
        people.put_party(replace(PARTY, span=over))
        people.put_grant(replace(GRANT, span=over))
        people.put_grant(replace(GRANT, id="gr_2", state=GrantState.REJECTED))
        for attempt in (
            lambda: people.put_desk(DESK),
            lambda: people.put_person(PERSON),
            lambda: people.put_party(PARTY),
            lambda: people.put_grant(GRANT),
            lambda: people.put_grant(replace(GRANT, span=Span(T0, None, T0 + 2 * DAY))),
            lambda: people.put_grant(replace(GRANT, id="gr_2", state=GrantState.GIVEN)),
        ):
            with pytest.raises(UsageError) as caught:
                attempt()
            assert caught.value.code == "people.ended"
        people.put_grant(replace(GRANT, span=over))
        assert people.persons()[0].span == over

    def test_a_decision_stays_and_is_used_once(self, people: People) -> None:
        decided = replace(
            APPROVAL,
            decision=Decision.APPROVE,
            decided_by="kim",
            decided_at=T0,
            comment="fine",
            compensation=Compensation("ex_1", "monthly look by the auditor", T0 + DAY),
        )
        people.put_approval(APPROVAL)
        people.put_approval(decided)
        with pytest.raises(UsageError):
            people.put_approval(replace(decided, decision=Decision.REJECT))
        used = replace(decided, used_at=T0 + DAY)
        people.put_approval(used)
        with pytest.raises(UsageError):
            people.put_approval(replace(decided, used_at=T0 + 2 * DAY))
        assert people.approvals() == (used,)

    def test_a_review_that_was_closed_and_a_signing_key_that_ended_stay_so(self, people: People) -> None:
        over = Span(T0, T0 + DAY, T0 + DAY)
        people.put_review(REVIEW)
        people.put_review(replace(REVIEW, span=over, closed_by="kim"))
        people.put_signing_key(replace(SIGNING_KEY, span=over))
        with pytest.raises(UsageError):
            people.put_review(REVIEW)
        with pytest.raises(UsageError):
            people.put_signing_key(SIGNING_KEY)
        assert [review.closed_by for review in people.reviews()] == ["kim"]

    def test_a_person_is_forgotten_and_what_was_allowed_stays(self, people: People) -> None:
        for put, one in (
            (people.put_desk, replace(DESK, head="jo")),
            (people.put_person, PERSON),
            (people.put_grant, GRANT),
            (people.put_approval, replace(APPROVAL, asked_by="jo")),
            (people.put_signing_key, replace(SIGNING_KEY, person="jo")),
            (people.put_review, replace(REVIEW, reviewers=("hana", "jo"))),
        ):
            put(one)
        people.forget("jo", "forgotten-1")
        (person,) = people.persons()
        bare = replace(PERSON, id="forgotten-1", name="", users=(), roles=frozenset())
        assert person == bare
        (grant,) = people.grants(person="forgotten-1")
        assert grant == replace(GRANT, person="forgotten-1", users=(), executables=())
        (approval,) = people.approvals()
        assert (approval.asked_by, approval.subject["person"]) == ("forgotten-1", "forgotten-1")
        assert people.signing_keys()[0].person == people.desks()[0].head == "forgotten-1"
        assert people.reviews()[0].reviewers == ("hana", "forgotten-1")
        assert people.reviews()[0].items[0].person == "forgotten-1"
        people.forget("nobody", "forgotten-2")
        assert people.persons() == (bare,)

    def test_notes(self, people: People) -> None:
        people.note("grant/gr_1/bybit/v1", "given")
        people.note("grant/gr_1/upbit/v2", "given")
        people.note("grant/gr%1/x", "given")
        people.note("grant/gr_1/bybit/v1", "again")
        assert people.notes("grant/gr_1/") == {"grant/gr_1/bybit/v1": "again", "grant/gr_1/upbit/v2": "given"}
        assert people.notes("grant/gr_1/bybit/v1") == {"grant/gr_1/bybit/v1": "again"}
        assert people.notes("other") == {}
