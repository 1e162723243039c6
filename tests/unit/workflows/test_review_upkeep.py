"""Reviews open by themselves where the firm chose so; silence is announced, and its suspensions recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from keyguard.core.alerts import Manners, QuietHours
from keyguard.core.findings import Kind
from keyguard.core.people import Decision
from keyguard.core.policy import Level
from keyguard.core.reviews import DUE_IN, EVERY, EXTERNAL_EVERY, GRACE, USE_WINDOW, Verdict
from keyguard.core.secret import Secret
from keyguard.ports.channels import Channel
from keyguard.workflows import (
    alerting,
    approvals,
    channels,
    end_grant,
    findings,
    radar,
    review_upkeep,
    reviews,
)
from keyguard.workflows.reviews import Answer
from tests.fakes.firm import HANA, KIM, Firm
from tests.unit.workflows.test_alerting import FakeMessenger

KEEP = Answer(Verdict.KEEP, "needed for the quarter")
LEE = replace(KIM, user="lee")
HOUR = timedelta(hours=1)


@pytest.fixture
def firm():
    firm = Firm()
    firm.declare("lee")
    firm.given = firm.grant("hana")
    return firm


def wait(firm, span):
    firm.clock.sleep(span.total_seconds())


def silent(firm, before=timedelta(0)):
    """A review nobody answers, so long before its suspension."""
    review = reviews.open_review(firm.ports, "desk", actor=KIM)
    wait(firm, DUE_IN + GRACE - before)
    return review


def shown(firm):
    return [item for item in radar.attention(firm.ports) if item.kind is Kind.REVIEW]


def test_a_desk_s_review_opens_by_itself_when_a_quarter_is_over_and_once(firm):
    wait(firm, EVERY - HOUR)
    assert review_upkeep.keep(firm.ports, auto=True) == 0
    wait(firm, HOUR)
    assert review_upkeep.keep(firm.ports, auto=True) == 1
    assert review_upkeep.keep(firm.ports, auto=True) == 0, "another host finds it open"
    (review,) = firm.people.reviews()
    assert (review.desk, review.external, review.opened_by) == ("desk", "", "keyguard")
    assert review.reviewers == ("hana", "kim", "lee")
    assert len(firm.audit.bodies("review.open")) == 1
    reviews.decide(firm.ports, review.id, firm.given.id, KEEP, actor=LEE)


def test_other_companies_people_are_reviewed_monthly_and_within_the_whole(firm):
    asked = firm.grant("jo")
    approvals.decide(firm.ports, asked.approval, Decision.APPROVE, actor=HANA)
    wait(firm, EXTERNAL_EVERY)
    assert review_upkeep.keep(firm.ports, auto=True) == 1
    (external,) = firm.people.reviews()
    assert [item.person for item in external.items] == ["jo"]
    reviews.decide(firm.ports, external.id, asked.id, KEEP, actor=HANA)
    reviews.close(firm.ports, external.id, actor=KIM)
    wait(firm, EVERY - EXTERNAL_EVERY)
    assert review_upkeep.keep(firm.ports, auto=True) == 1, "one review of all, none of a part of it"
    assert {item.person for item in firm.people.reviews()[-1].items} == {"hana", "jo"}


def test_nothing_opens_where_the_firm_did_not_choose_so(firm):
    wait(firm, 2 * EVERY)
    assert review_upkeep.keep(firm.ports, auto=False) == 0
    assert firm.people.reviews() == ()
    assert [item.command for item in shown(firm)] == ["keyguard review open desk"]


def test_a_desk_without_grants_in_force_has_no_review(firm):
    wait(firm, EVERY)
    end_grant.end(firm.ports, firm.given.id, actor=KIM, reason="left")
    assert review_upkeep.keep(firm.ports, auto=True) == 0


def test_a_suspension_is_on_record_once_whatever_the_number_of_hosts(firm):
    review = silent(firm, HOUR)
    assert review_upkeep.keep(firm.ports, auto=False) == 0
    wait(firm, HOUR)
    assert review_upkeep.keep(firm.ports, auto=False) == 1
    assert review_upkeep.keep(firm.ports, auto=True) == 0
    (body,) = firm.audit.bodies("review.suspend")
    (opened,) = firm.audit.bodies("review.open")
    assert (body["review"], body["item"]) == (opened["review"], opened["items"][0]["item"])
    assert body["from"] == f"{review.suspends_at:%Y-%m-%dT%H:%M:%S.%fZ}"


def test_what_was_answered_or_ended_is_not_suspended(firm):
    other = firm.grant("lee")
    review = silent(firm, HOUR)
    reviews.decide(firm.ports, review.id, firm.given.id, KEEP, actor=LEE)
    end_grant.end(firm.ports, other.id, actor=KIM, reason="left")
    wait(firm, HOUR)
    assert review_upkeep.keep(firm.ports, auto=False) == 0
    assert firm.audit.bodies("review.suspend") == []


@pytest.mark.parametrize(
    ("before", "level", "words"),
    [
        (49 * HOUR, Level.MEDIUM, "1 items wait"),
        (48 * HOUR, Level.MEDIUM, "in less than 48 h: 1 items wait"),
        (4 * HOUR, Level.HIGH, "in less than 4 h: 1 items wait"),
        (0 * HOUR, Level.HIGH, "1 grants are suspended"),
    ],
)
def test_notices_on_the_radar(firm, before, level, words):
    silent(firm, before)
    (item,) = shown(firm)
    assert item.level is level
    assert item.text.startswith(words)


def test_each_notice_is_told_although_the_one_before_was_acknowledged(firm):
    channels.add(firm.store, Channel("chat", Secret("jsons://FAKE@example.test/")))
    messenger = FakeMessenger()

    def told():
        findings.refresh(firm.ports)
        before = len(messenger.taken())
        alerting.tell(firm.ports, messenger, Manners(repeat=timedelta(days=365)))
        for said in firm.ports.findings.said():
            alerting.acknowledge(firm.ports, said.alert.subject)
        return len(messenger.taken()) - before

    silent(firm, 49 * HOUR)
    assert told() == 1
    for hours in (1, 44, 4):
        wait(firm, hours * HOUR)
        assert (told(), told()) == (1, 0)


@pytest.mark.parametrize(("before", "messages"), [(48 * HOUR, 0), (4 * HOUR, 1)])
def test_the_last_notice_waits_for_no_quiet_hours(firm, before, messages):
    channels.add(firm.store, Channel("chat", Secret("jsons://FAKE@example.test/")))
    silent(firm, before)
    findings.refresh(firm.ports)
    messenger, now = FakeMessenger(), firm.clock.now()
    quiet = QuietHours((now - HOUR).time(), (now + HOUR).time(), UTC)
    alerting.tell(firm.ports, messenger, Manners(quiet=quiet))
    assert len(messenger.taken()) == messages


def test_hand_outs_are_counted_over_ninety_days_of_dead_versions_too(firm):
    firm.use()
    wait(firm, USE_WINDOW - HOUR)
    firm.use()
    wait(firm, 2 * HOUR)
    (item,) = reviews.open_review(firm.ports, "desk", actor=KIM).items
    assert (item.handouts, item.last) == (1, firm.clock.now() - 2 * HOUR)
    assert not item.flagged
    wait(firm, USE_WINDOW)
    reviews.decide(firm.ports, firm.people.reviews()[0].id, firm.given.id, KEEP, actor=LEE)
    reviews.close(firm.ports, firm.people.reviews()[0].id, actor=HANA)
    (later,) = reviews.open_review(firm.ports, "desk", actor=KIM).items
    assert (later.handouts, later.last) == (0, item.last)
    assert later.flagged, "unused for a quarter: keeping it takes a reason"
