"""Reviews: each grant is looked at, an answer takes effect at once, and so does silence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.findings import Kind
from keyguard.core.keys import Scope
from keyguard.core.people import Capacity, Decision, Role
from keyguard.core.policy import Level
from keyguard.core.reviews import DUE_IN, EVERY, EXTERNAL_EVERY, GRACE, Verdict
from keyguard.core.rights import RightsPolicy, SelfApproval
from keyguard.workflows import approvals, end_grant, radar, reviews
from keyguard.workflows.reviews import Answer
from keyguard.workflows.rights import able
from tests.fakes.firm import BO, HANA, JO, KIM, Firm

KEEP = Answer(Verdict.KEEP)
KEEP_WHY = Answer(Verdict.KEEP, "needed for the quarter")
REMOVE = Answer(Verdict.REMOVE, "moved desks")


def refused(act, code):
    with pytest.raises(UsageError) as caught:
        act()
    assert caught.value.code == code, caught.value
    return caught.value


@pytest.fixture
def firm():
    """lee gave hana the key; kim reviews."""
    firm = Firm()
    firm.declare("lee")
    firm.given = firm.grant("hana", actor=replace(KIM, user="lee"))
    return firm


def opened(firm, **rest):
    return reviews.open_review(firm.ports, "desk", actor=KIM, **rest)


def decide(firm, review, answer, actor=KIM, grant=None):
    return reviews.decide(firm.ports, review.id, (grant or firm.given).id, answer, actor=actor)


def shown(firm):
    return [item for item in radar.attention(firm.ports) if item.kind is Kind.REVIEW]


def test_an_item_tells_last_use_and_excess(firm):
    firm.use()
    firm.clock.sleep(60)
    review = opened(firm)
    (item,) = review.items
    assert (item.person, item.handouts, item.last) == ("hana", 1, firm.start)
    assert item.versions
    assert review.due == firm.clock.now() + DUE_IN
    assert review.reviewers == ("hana", "kim", "lee")
    (body,) = firm.audit.bodies("review.open")
    assert [one["handouts"] for one in body["items"]] == [1]
    assert body["items"][0]["keys"]


def test_kept_in_use_needs_no_reason_unused_does(firm):
    unused = opened(firm)
    assert unused.items[0].flagged
    refused(lambda: decide(firm, unused, KEEP), "review.reason")
    assert decide(firm, unused, KEEP_WHY).result == "kept"
    refused(lambda: decide(firm, unused, REMOVE), "review.decided")
    assert firm.use().grant_id == firm.given.id
    assert firm.audit.bodies("review.decide")[0]["decision"] == "keep"
    assert firm.audit.bodies("review.apply")[0]["result"] == "kept"


def test_removed_ends_now_and_the_radar_asks_for_rotation(firm):
    firm.use()
    review = opened(firm)
    refused(lambda: decide(firm, review, Answer(Verdict.REMOVE)), "review.reason")
    assert decide(firm, review, REMOVE).result == "ended"
    refused(firm.use, "rights.grant_ended")
    rotate = [item for item in shown(firm) if "rotate" in item.command]
    assert [(item.level, item.subject) for item in rotate] == [(Level.HIGH, "examplex/desk/bot")]
    types = firm.audit.types()
    assert types.index("review.decide") < types.index("access.revoke") < types.index("review.apply")


def test_reduced_is_a_narrower_grant_in_its_place(firm):
    review = opened(firm)
    wider = Answer(Verdict.REDUCE, "less", firm.given.scopes | Scope.WITHDRAW)
    refused(lambda: decide(firm, review, wider), "review.scopes")
    refused(lambda: decide(firm, review, Answer(Verdict.REDUCE, "less", firm.given.scopes)), "review.scopes")
    assert decide(firm, review, Answer(Verdict.REDUCE, "only watches", Scope.READ)).result == "reduced"
    before, after = firm.people.grants(person="hana")
    assert before.span.ended_at == firm.clock.now()
    assert (after.scopes, after.key_id, after.given_by) == (Scope.READ, before.key_id, "kim")
    refused(firm.use, "rights.scopes")  # until the key is narrowed too
    assert len(firm.audit.bodies("access.grant")) == 2


def test_what_ended_meanwhile_is_not_ended_twice(firm):
    review = opened(firm)
    end_grant.end(firm.ports, firm.given.id, actor=KIM, reason="left the desk")
    assert decide(firm, review, REMOVE).result == "ended before"


def test_nobody_keeps_their_own_access_or_what_they_gave(firm):
    review = opened(firm)
    for actor in (HANA, replace(KIM, user="lee")):
        refused(lambda a=actor: decide(firm, review, KEEP_WHY, a), "review.self")
    refused(lambda: decide(firm, review, KEEP_WHY, JO), "review.reviewer")
    refused(lambda: decide(firm, review, KEEP_WHY, BO), "review.reviewer")
    assert decide(firm, review, REMOVE, HANA).result == "ended"  # to take away is always allowed


def test_a_tiny_firm_keeps_its_own_access_as_an_exception_on_record(firm):
    firm.people.policy = RightsPolicy(self_approval=SelfApproval.EXCEPTION)
    firm.use()
    review = opened(firm)
    refused(lambda: decide(firm, review, KEEP, HANA), "review.reason")
    assert decide(firm, review, KEEP_WHY, HANA).result == "kept"
    (body,) = firm.audit.bodies("exception.open")
    assert body["compensating"] == "needed for the quarter"
    assert reviews.close(firm.ports, review.id, actor=HANA).span.ended_at


def test_silence_suspends_after_the_grace_and_an_answer_lifts_it(firm):
    review = opened(firm)
    firm.clock.sleep((DUE_IN + GRACE).total_seconds() - 1)
    assert firm.use()
    assert shown(firm)[0].text.startswith("in less than 4 h")
    firm.clock.sleep(1)
    error = refused(firm.use, "rights.grant_unreviewed")
    assert "nobody answered" in error.message
    assert shown(firm)[0].level is Level.HIGH
    key = firm.ports.inventory.find_key("desk/bot")
    assert able(firm.ports, [key]) == {key.id: ()}
    decide(firm, review, KEEP_WHY)
    assert firm.use()
    assert able(firm.ports, [key]) == {key.id: ("hana",)}


def test_closing_takes_all_answers_or_the_end_of_the_grace(firm):
    review = opened(firm)
    refused(lambda: reviews.close(firm.ports, review.id, actor=KIM), "review.undecided")
    firm.clock.sleep((DUE_IN + GRACE).total_seconds())
    closed = reviews.close(firm.ports, review.id, actor=KIM)
    assert (closed.items[0].verdict, closed.items[0].result) == (None, "ended")
    refused(firm.use, "rights.grant_ended")
    (body,) = firm.audit.bodies("review.close")
    assert (body["decided"], body["undecided"], body["changed"]) == (0, 1, 1)
    refused(lambda: reviews.close(firm.ports, review.id, actor=KIM), "people.ended")
    refused(lambda: decide(firm, review, KEEP_WHY), "people.ended")


def test_who_decided_does_not_close_and_compliance_does_if_there_is_one(firm):
    review = opened(firm)
    decide(firm, review, KEEP_WHY)
    refused(lambda: reviews.close(firm.ports, review.id, actor=KIM), "review.closer")
    firm.declare("chae", roles=frozenset({Role.COMPLIANCE_OFFICER}))
    refused(lambda: reviews.close(firm.ports, review.id, actor=HANA), "review.closer")
    assert shown(firm)[0].command == f"keyguard review close {review.id}"
    assert reviews.close(firm.ports, review.id[:6], actor=replace(KIM, user="chae")).closed_by == "chae"


def test_reviews_are_due_by_the_quarter_and_monthly_for_other_companies(firm):
    asked = firm.grant("jo")
    approvals.decide(firm.ports, asked.approval, Decision.APPROVE, actor=HANA)
    assert shown(firm) == []
    firm.clock.sleep(EXTERNAL_EVERY.total_seconds())
    (due,) = shown(firm)
    assert (due.command, due.level) == ("keyguard review open desk --external", Level.MEDIUM)
    external = opened(firm, external=True)
    assert [item.person for item in external.items] == ["jo"]
    firm.clock.sleep((EVERY - EXTERNAL_EVERY).total_seconds())
    assert "keyguard review open desk" in [item.command for item in shown(firm)]
    assert {item.person for item in opened(firm).items} == {"hana", "jo"}
    assert "keyguard review open desk" not in [item.command for item in shown(firm)]


def test_what_cannot_be_opened(firm):
    opened(firm)
    refused(lambda: opened(firm), "review.running")
    refused(lambda: reviews.open_review(firm.ports, "nobody", actor=KIM), "review.empty")
    refused(lambda: opened(firm, external=True), "review.empty")
    refused(lambda: reviews.open_review(firm.ports, "ops", actor=KIM, due=firm.clock.now()), "review.due")
    firm.declare("bot", Capacity.SERVICE)
    firm.grant("hana", "ops/manager", scopes=Scope.READ)
    for person in ("jo", "bot", "bo"):
        refused(
            lambda p=person: reviews.open_review(firm.ports, "ops", actor=KIM, reviewers=[p]),
            "review.reviewer",
        )
    refused(lambda: reviews.find(firm.ports, "rv_no"), "review.unknown")


def test_a_desks_grant_is_an_item_and_an_unknown_item_is_said(firm):
    whole = firm.grant("hana", desk="desk")
    review = opened(firm)
    assert {item.grant for item in review.items} == {firm.given.id, whole.id}
    refused(lambda: reviews.decide(firm.ports, review.id, "gr_no", KEEP, actor=KIM), "review.item")
