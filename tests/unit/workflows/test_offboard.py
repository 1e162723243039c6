"""Off-boarding: everything they could reach and did touch, worst first; and what the radar sees."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.keys import Environment, Scope, VersionStatus
from keyguard.core.people import Capacity, Contract, Decision
from keyguard.core.policy import Level
from keyguard.core.rights import RightsPolicy, SelfApproval
from keyguard.workflows import approvals, declare_party, declare_person, end_person, offboard
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.handout import end, hand_out
from keyguard.workflows.radar import Kind, attention
from tests.fakes.firm import BOT, DAY, HANA, JO, KIM, Firm
from tests.fakes.world import World


def test_the_order_is_that_of_the_danger():
    firm = Firm()
    for label, grants in (("reader", ["view"]), ("trader", ["view", "trade"])):
        made = firm.exchange.make(label, grants, (), account=f"A-{label}")
        enrol(firm.ports, Declared("examplex", "desk", label, "hana"), made)
    enrol(
        firm.ports,
        Declared("examplex", "desk", "test", "kim", environment=Environment.TEST),
        firm.exchange.make("test", ["view", "keys"], (), account="A-test"),
    )
    firm.grant("hana", desk="desk", scopes=~Scope.NONE)
    approvals.decide(
        firm.ports, approvals.pending(firm.ports)[0].id, Decision.APPROVE, actor=firm_actor(firm)
    )
    firm.grant("hana", "ops/manager", scopes=Scope.READ | Scope.MANAGE_KEYS)
    firm.use(HANA)
    plan = offboard.plan(firm.ports, "hana")
    assert [(one.key.label, one.must_rotate) for one in plan.keys] == [
        ("bot", True),
        ("trader", False),
        ("reader", False),
        ("test", False),
    ]
    assert plan.keys[0].command == "keyguard key rotate examplex/desk/bot --reason leaver"
    assert (plan.keys[0].handouts, plan.keys[0].last) == (1, firm.clock.now())
    assert [lease.pid for lease in plan.keys[0].running] == [4242]
    assert [key.label for key in plan.owned] == ["reader", "trader"]
    assert len(plan.grants) == 2


def firm_actor(firm):
    firm.declare("lee")
    return replace(KIM, user="lee")


def test_after_the_end_the_plan_still_tells_and_what_was_rotated_is_off_it():
    firm = Firm()
    firm.grant("hana")
    given = firm.use(HANA)
    ended = end_person.end(firm.ports, "hana", actor=KIM, reason="leaver")
    assert [grant.person for grant in ended.grants] == ["hana"]
    plan = offboard.plan(firm.ports, "hana")
    assert plan.grants == ()
    assert [one.must_rotate for one in plan.keys] == [True]
    new = replace(given.version, id="ab" * 8, number=2, fingerprint="ab" * 32, public_id="new")
    firm.inventory.add_version(replace(new, status=VersionStatus.STAGED))
    firm.inventory.switch(firm.key.id, new.id)
    firm.inventory.set_status(given.version.id, VersionStatus.DEAD)
    assert [one.must_rotate for one in offboard.plan(firm.ports, "hana").keys] == [False]
    firm.inventory.set_status(new.id, VersionStatus.DEAD)
    assert offboard.plan(firm.ports, "hana").keys == ()


def test_grants_end_before_the_person_and_all_in_one():
    firm = Firm()
    firm.grant("hana")
    at = len(firm.audit.types())
    end_person.end(firm.ports, "hana", actor=KIM, reason="leaver")
    assert firm.audit.types()[at:] == ["people.change", "access.revoke", "people.change"]
    kinds = [body["kind"] for body in firm.audit.bodies("people.change")][-2:]
    assert kinds == ["grant", "person"]


def test_what_was_handed_out_before_anybody_was_declared_counts():
    world = World()
    hand_out(world.ports, "bot", purpose="", mode="env", actor=HANA, process=BOT)
    declare_person.declare(world.ports, "hana-kim", Capacity.EMPLOYEE, actor=KIM, users=[("hana", "")])
    (one,) = offboard.plan(world.ports, "hana-kim").keys
    assert (one.handouts, one.could_use) == (1, False)


def test_what_waits_for_them_or_from_them():
    firm = Firm()
    firm.grant("jo")
    assert [approval.asked_by for approval in offboard.plan(firm.ports, "kim").asked] == ["kim"]
    ended = end_person.end(firm.ports, "jo", actor=KIM, reason="leaver")
    assert len(ended.grants) == 1
    with pytest.raises(UsageError) as caught:
        approvals.decide(firm.ports, ended.grants[0].approval, Decision.APPROVE, actor=HANA)
    assert caught.value.code == "approval.void"
    approvals.decide(firm.ports, ended.grants[0].approval, Decision.REJECT, actor=HANA)
    assert approvals.pending(firm.ports) == ()
    assert offboard.plan(firm.ports, "jo").keys == ()


OF_KEYS = {Kind.EXPIRY, Kind.SCOPES, Kind.ADDRESSES, Kind.ACCOUNT, Kind.DISABLED, Kind.UNOBSERVED}


def people_items(firm):
    """What is of keys has its own tests (test_radar_keys.py)."""
    return tuple(item for item in attention(firm.ports) if item.kind not in OF_KEYS)


def seen(firm):
    return [(item.kind, item.level, item.subject) for item in people_items(firm)]


def test_a_quiet_firm():
    assert people_items(World()) == ()
    assert people_items(Firm()) == ()


def test_ends_that_come_and_ends_that_came():
    firm = Firm()
    firm.declare("intern", until=firm.start + 20 * DAY)
    grant = firm.grant("hana", until=firm.start + 25 * DAY)
    assert seen(firm) == [
        (Kind.GRANT, Level.MEDIUM, grant.id),
        (Kind.PERSON, Level.LOW, "intern"),
    ]
    firm.clock.sleep(80 * 86400)
    assert seen(firm) == [
        (Kind.PERSON, Level.MEDIUM, "intern"),
        (Kind.CONTRACT, Level.MEDIUM, "acme"),
    ]
    firm.clock.sleep(20 * 86400)
    assert seen(firm)[0] == (Kind.CONTRACT, Level.HIGH, "acme")
    now = firm.clock.now()
    declare_party.renew(
        firm.ports,
        "acme",
        actor=KIM,
        contract=Contract("MSA-2", now, now + 400 * DAY),
        diligence_at=now,
        diligence_until=now + 10 * DAY,
    )
    assert (Kind.DILIGENCE, Level.LOW, "acme") in seen(firm)
    firm.clock.sleep(10 * 86400)
    assert (Kind.DILIGENCE, Level.MEDIUM, "acme") in seen(firm)
    declare_party.end(firm.ports, "acme", actor=KIM, reason="over")
    assert seen(firm) == [(Kind.PERSON, Level.MEDIUM, "intern")]


def test_a_process_that_goes_on_with_a_key_its_person_lost():
    firm = Firm()
    firm.grant("hana")
    given = firm.use(HANA)
    assert people_items(firm) == ()
    end_person.end(firm.ports, "hana", actor=KIM, reason="leaver")
    (item,) = people_items(firm)
    assert (item.kind, item.level, item.subject) == (Kind.LEASE, Level.HIGH, "examplex/desk/bot")
    assert "pid 4242" in item.text
    assert item.command == "keyguard key rotate examplex/desk/bot --reason leaver"
    end(firm.ports, given.lease_id)
    assert people_items(firm) == ()


def test_what_waits_for_an_answer_and_an_exception_that_runs_out():
    firm = Firm()
    firm.people.policy = RightsPolicy(self_approval=SelfApproval.EXCEPTION)
    grant = firm.grant("jo")
    assert seen(firm) == [(Kind.APPROVAL, Level.INFO, grant.approval)]
    firm.clock.sleep(2 * 86400)
    assert seen(firm) == [(Kind.APPROVAL, Level.MEDIUM, grant.approval)]
    until = firm.clock.now() + DAY
    approvals.decide(
        firm.ports, grant.approval, Decision.APPROVE, actor=KIM, compensating="audit", until=until
    )
    assert seen(firm) == [(Kind.EXCEPTION, Level.LOW, grant.approval)]
    firm.clock.sleep(86400)
    assert seen(firm) == [(Kind.EXCEPTION, Level.MEDIUM, grant.approval)]
    firm.use(JO)
