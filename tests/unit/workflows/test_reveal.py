"""Revealing: a hand-out to a person's eyes, on record before the secret is read, with four eyes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.keys import Environment
from keyguard.core.people import Action, Decision
from keyguard.workflows import approvals, handout
from keyguard.workflows.reveal import reveal
from tests.fakes.firm import HANA, KIM, Firm
from tests.fakes.world import ACTOR, PROCESS, World


def show(world, *, actor=ACTOR, reason="FIX engine", **rest):
    return reveal(world.ports, "desk/bot", reason=reason, to="terminal", actor=actor, process=PROCESS, **rest)


def agreed(firm):
    (waiting,) = approvals.pending(firm.ports)
    assert waiting.action is Action.REVEAL
    return approvals.decide(firm.ports, waiting.id, Decision.APPROVE, actor=KIM)


@pytest.fixture
def firm():
    made = Firm()
    made.grant("hana", purpose="quote")
    return made


def test_where_nobody_is_declared_it_is_shown_and_on_record():
    world = World()
    given = show(world)
    assert given.credential.secret == world.old.secret
    (body,) = world.audit.bodies("handout")
    assert (body["purpose"], body["mode"], body["process"]) == ("reveal: FIX engine", "file", "bot")
    assert '"revealed_to":"terminal"' in list(world.audit.private().values())[-1].decode()
    handout.end(world.ports, given.lease_id)
    assert world.inventory.running_leases() == ()


def test_what_cannot_be_recorded_is_not_read():
    world = World()
    world.audit.broken = True
    del world.store.items[world.inventory.live_version(world.key.id).item]  # to read it would fail otherwise
    with pytest.raises(StoreError) as refused:
        show(world)
    assert refused.value.code == "log.full"


def test_a_second_person_agrees_to_one_showing(firm):
    with pytest.raises(UsageError) as refused:
        show(firm, actor=HANA)
    assert refused.value.code == "approval.needed"
    with pytest.raises(UsageError) as refused:
        show(firm, actor=HANA)
    assert refused.value.code == "approval.waits"
    assert [body["reason"] for body in firm.audit.bodies("handout.denied")] == [
        "approval.needed",
        "approval.waits",
    ]
    request = firm.audit.bodies("approval.request")[-1]
    assert (request["action"], request["reason"]) == ("reveal", "reveal: FIX engine")
    agreed(firm)
    assert show(firm, actor=HANA).credential.secret == firm.old.secret
    with pytest.raises(UsageError) as refused:
        show(firm, actor=HANA)
    assert refused.value.code == "approval.needed"  # each time anew


def test_the_word_is_for_what_was_asked_and_for_a_day(firm):
    with pytest.raises(UsageError):
        show(firm, actor=HANA)
    agreed(firm)
    with pytest.raises(UsageError) as refused:
        show(firm, actor=HANA, reason="something else")
    assert refused.value.code == "approval.needed"
    firm.clock.sleep(timedelta(days=2).total_seconds())
    with pytest.raises(UsageError):
        show(firm, actor=HANA)


def test_who_may_not_use_it_may_not_see_it_and_asks_nobody(firm):
    with pytest.raises(UsageError) as refused:
        show(firm, actor=KIM)
    assert refused.value.code == "rights.no_grant"
    assert approvals.pending(firm.ports) == ()
    with pytest.raises(UsageError) as refused:
        show(firm, actor=HANA, environment=Environment.TEST)
    assert refused.value.code == "rights.test_process"


def test_a_record_that_fails_leaves_the_word_unused(firm):
    with pytest.raises(UsageError):
        show(firm, actor=HANA)
    agreed(firm)
    firm.audit.broken = True
    with pytest.raises(Exception, match="audit log"):
        show(firm, actor=HANA)
    firm.audit.broken = False
    assert show(firm, actor=HANA).credential
