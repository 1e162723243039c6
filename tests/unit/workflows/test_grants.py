"""Grants and the check at hand-out: recorded before they count, refused when they end."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Environment, Scope
from keyguard.core.people import GrantState, Role
from keyguard.core.rights import Mode, RightsPolicy
from keyguard.ports.inventory import Observation
from keyguard.workflows import approvals, declare_desk, end_grant, end_person, handout, rights
from keyguard.workflows.approvals import Decision
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.identity import Actor, Process, names
from keyguard.workflows.records import instant
from keyguard.workflows.rotate import Options, rotate
from tests.fakes.firm import BO, BOT, DAY, HANA, KIM, Firm
from tests.fakes.world import ACTOR, World

TRADE = Scope.READ | Scope.TRADE_SPOT


def refused(act, code):
    with pytest.raises(UsageError) as caught:
        act()
    assert caught.value.code == code, caught.value
    return caught.value


def test_a_grant_lets_its_person_use_the_key_and_nobody_else():
    firm = Firm()
    refused(lambda: firm.use(HANA), "rights.no_grant")
    grant = firm.grant("hana", why="quotes")
    given = firm.use(HANA)
    assert (given.person, given.grant_id) == ("hana", grant.id)
    assert grant.scopes == TRADE  # what the key can do today
    refused(lambda: firm.use(KIM), "rights.no_grant")
    refused(lambda: firm.use(BO), "rights.person_unknown")
    (lease,) = firm.inventory.running_leases()
    assert (lease.person, lease.grant_id) == ("hana", grant.id)
    child = handout.attach(firm.ports, given, Process(77, "1", "bot"))
    (lease,) = firm.inventory.running_leases()
    assert (lease.id, lease.person, lease.grant_id) == (child.lease_id, "hana", grant.id)


def test_the_records_of_a_grant_stand_before_its_first_use():
    firm = Firm()
    grant = firm.grant("hana", purpose="quoting")
    firm.use(HANA)
    venue = [json.loads(e.record) for e in firm.audit.entries(stream="examplex")]
    assert [r["type"] for r in venue][-4:] == [
        "approval.request",
        "approval.decide",
        "access.grant",
        "handout",
    ]
    request, decided, given, used = (r["body"] for r in venue[-4:])
    named = names(firm.ports, "examplex")
    assert given["grant"] == used["grant"] == named.record_id(grant.id) != grant.id
    assert given["approval"] == request["approval"] == decided["approval"]
    assert given["person"] == used["person"] == named.person("hana")
    assert (given["capacity"], given["basis"], used["purpose"]) == ("employee", "quoting", "quoting")
    assert request["by"] == decided["by"] == named.person("kim")  # visibly by one and the same
    assert not any(word in str(venue) for word in ("hana", "kim", grant.id))


def test_two_venues_cannot_join_what_they_are_told():
    firm = Firm()
    grant = firm.grant("hana")
    one, other = names(firm.ports, "bybit"), names(firm.ports, "upbit")
    assert one.record_id(grant.id) != other.record_id(grant.id)
    assert one.record_id(grant.approval)[:3] == "ap_"


def test_a_refusal_is_on_record_with_its_reason():
    firm = Firm()
    error = refused(lambda: firm.use(HANA), "rights.no_grant")
    assert "keyguard grant add hana --key examplex/desk/bot" in error.hint
    (body,) = firm.audit.bodies("handout.denied")
    assert body["reason"] == "rights.no_grant"
    assert body["person"] == names(firm.ports, "examplex").person("hana")
    assert firm.audit.bodies("handout") == []


def test_an_end_refuses_the_next_hand_out_and_is_on_record_first():
    firm = Firm()
    grant = firm.grant("hana")
    firm.use(HANA)
    firm.clock.sleep(1)
    ended = end_grant.end(firm.ports, grant.id[:8], actor=HANA, reason="project over")
    assert ended.span.ended_at == firm.clock.now()
    (body,) = firm.audit.bodies("access.revoke")
    assert body["reason"] == "project over"
    assert body["grant"] == names(firm.ports, "examplex").record_id(grant.id)
    refused(lambda: firm.use(HANA), "rights.grant_ended")
    refused(lambda: end_grant.end(firm.ports, grant.id, actor=HANA, reason=""), "people.ended")
    refused(lambda: end_grant.end(firm.ports, "gr_none", actor=HANA, reason=""), "grant.unknown")
    refused(lambda: end_grant.end(firm.ports, "", actor=HANA, reason=""), "grant.unknown")


def test_an_end_that_cannot_be_recorded_did_not_happen():
    firm = Firm()
    grant = firm.grant("hana")
    firm.audit.broken = True
    with pytest.raises(StoreError):
        end_grant.end(firm.ports, grant.id, actor=KIM, reason="x")
    firm.audit.broken = False
    assert firm.people.grants() == (grant,)
    firm.use(HANA)


def test_planned_ends_and_beginnings():
    firm = Firm()
    firm.grant("hana", since=firm.start + DAY, until=firm.start + 2 * DAY)
    refused(lambda: firm.use(HANA), "rights.grant_early")
    firm.clock.sleep(86400)
    firm.use(HANA)
    firm.clock.sleep(86400)
    refused(lambda: firm.use(HANA), "rights.grant_ended")


@pytest.mark.parametrize(
    ("bound", "fits", "reason"),
    [
        ({"hosts": ("host-2",)}, {"hosts": ("host-1",)}, "host"),
        ({"users": ("other",)}, {"users": ("hana",)}, "user"),
        ({"executables": ("/bin/sh",)}, {"executables": ("/usr/bin/bot",)}, "executable"),
        ({"scopes": Scope.READ}, {"scopes": TRADE}, "scopes"),
        ({"purpose": "hedging"}, {"purpose": "quoting"}, "purpose"),
    ],
)
def test_bounds(bound, fits, reason):
    firm = Firm()
    firm.grant("hana", **bound)
    refused(lambda: firm.use(HANA, purpose="quoting"), f"rights.{reason}")
    firm.grant("hana", **fits)
    firm.use(HANA, purpose="quoting")


def test_a_test_never_gets_a_live_key():
    firm = Firm()
    firm.grant("hana")
    refused(lambda: firm.use(HANA, environment=Environment.TEST), "rights.test_process")
    firm.declare("ci", users=[("ci", "")], environment=Environment.TEST)
    firm.grant("ci")
    refused(lambda: firm.use(replace(HANA, user="ci")), "rights.test_process")
    world = World()  # and where nobody declared anything
    with pytest.raises(UsageError):
        handout.hand_out(
            world.ports,
            "bot",
            purpose="",
            mode="env",
            actor=ACTOR,
            process=BOT,
            environment=Environment.TEST,
        )


def test_a_key_that_can_do_more_than_was_granted_is_not_handed_out():
    firm = Firm()
    firm.grant("hana")
    version = firm.inventory.live_version(firm.key.id)
    seen = firm.inventory.last_observation(version.id)
    wider = replace(seen.report, scopes=seen.report.scopes | Scope.WITHDRAW)
    firm.inventory.observe(Observation(version.id, firm.clock.now() + DAY, wider))
    error = refused(lambda: firm.use(HANA), "rights.scopes")
    assert "withdraw" in error.message


def test_where_nobody_knows_what_the_key_can_do():
    firm = Firm()
    firm.grant("hana", scopes=TRADE)
    version = firm.inventory.live_version(firm.key.id)
    firm.inventory.observe(Observation(version.id, firm.clock.now() + DAY, KeyReport(version.public_id)))
    firm.inventory.update_key(replace(firm.key, needs=Scope.NONE))
    refused(lambda: firm.use(HANA), "rights.scopes_unknown")
    refused(lambda: firm.grant("hana"), "grant.scopes")
    firm.inventory.update_key(replace(firm.key, needs=Scope.READ))  # declared by a person
    firm.use(HANA)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"person": "nobody"}, "person.unknown"),
        ({"key": "nothing"}, "key.unknown"),
        ({"key": ""}, "grant.subject"),
        ({"key": "", "desk": "none"}, "desk.unknown"),
        ({"executables": ("bot",)}, "grant.executable"),
        ({"purpose": "a\nb"}, "grant.purpose"),
        ({"until": "past"}, "grant.span"),
    ],
)
def test_a_grant_that_makes_no_sense(wanted, code):
    firm = Firm()
    if wanted.get("until"):
        wanted = {"until": firm.start}
    facts = {"person": "hana", "key": "desk/bot"} | wanted
    before = firm.audit.types()
    refused(lambda: firm.grant(facts.pop("person"), **facts), code)
    assert (firm.people.grants(), firm.audit.types()) == ((), before)


def test_nobody_who_left_is_given_anything_and_nobody_beyond_their_time():
    firm = Firm()
    firm.declare("intern", until=firm.start + 3 * DAY)
    assert firm.grant("intern", until=firm.start + 9 * DAY).span.until == firm.start + 3 * DAY
    assert firm.grant("jo").span.until == firm.start + 100 * DAY  # the contract's
    end_person.end(firm.ports, "hana", actor=KIM, reason="leaver")
    refused(lambda: firm.grant("hana"), "person.ended")


def test_a_desks_grant_reaches_keys_that_come_later_and_their_venue_is_told():
    firm = Firm()
    declare_desk.declare(firm.ports, "arb", actor=KIM)
    grant = firm.grant("hana", desk="arb", scopes=TRADE)
    asked_at = firm.clock.now()
    firm.clock.sleep(3600)
    assert firm.audit.bodies("access.grant") == []
    other = firm.exchange.make("arb", ["view", "trade"], (), account="A7")
    key = enrol(firm.ports, Declared("examplex", "arb", "x", "hana"), other).key
    (body,) = firm.audit.bodies("access.grant")
    assert body["key"] == firm.inventory.live_version(key.id).fingerprint
    (request,) = firm.audit.bodies("approval.request")
    assert request["subject"]["asked_at"] == instant(asked_at)
    assert firm.use(HANA, "arb/x").grant_id == grant.id
    assert len(firm.audit.bodies("access.grant")) == 1


def test_a_rotation_tells_of_the_grants_for_the_new_version_before_the_switch():
    firm = Firm()
    firm.grant("hana")
    rotate(
        firm.ports,
        "desk/bot",
        Options(overlap_s=0),
        actor=HANA,
        process_alive=firm.process_alive,
    )
    versions = firm.inventory.versions(firm.key.id)
    told = [body["key"] for body in firm.audit.bodies("access.grant")]
    assert told == [version.fingerprint for version in versions]
    firm.use(HANA)
    assert len(firm.audit.bodies("access.grant")) == 2


def test_where_rights_are_open_what_is_declared_still_counts():
    firm = Firm()
    firm.people.policy = RightsPolicy(mode=Mode.OPEN)
    assert firm.use(BO).person == "bo"
    assert firm.use(HANA).grant_id == ""
    assert firm.audit.bodies("policy.set")[-1]["params"]["rights"] == "open"
    end_person.end(firm.ports, "hana", actor=KIM, reason="leaver")
    refused(lambda: firm.use(HANA), "rights.person_ended")


def test_enforced_from_the_first_hour_where_the_configuration_says_so():
    world = World()
    world.people.policy = RightsPolicy(mode=Mode.ENFORCED)
    with pytest.raises(UsageError) as caught:
        handout.hand_out(world.ports, "bot", purpose="", mode="env", actor=ACTOR, process=BOT)
    assert caught.value.code == "rights.person_unknown"


def test_who_may_use_a_key_now():
    firm = Firm()
    keys = firm.inventory.keys()
    assert rights.able(firm.ports, keys)[firm.key.id] == ()
    firm.grant("kim", desk="desk")
    firm.grant("hana")
    waiting = firm.grant("jo")
    assert rights.able(firm.ports, keys)[firm.key.id] == ("hana", "kim")
    approvals.decide(firm.ports, waiting.approval, Decision.APPROVE, actor=HANA)
    assert rights.able(firm.ports, keys)[firm.key.id] == ("hana", "jo", "kim")
    firm.clock.sleep(100 * 86400)
    assert rights.able(firm.ports, keys)[firm.key.id] == ("hana", "kim")
    declare_desk.declare(firm.ports, "desk", actor=KIM)
    declare_desk.end(firm.ports, "desk", actor=KIM, reason="closed")
    assert rights.able(firm.ports, keys)[firm.key.id] == ()


def test_dangerous_scopes_need_a_second_person_even_for_an_employee():
    firm = Firm()
    grant = firm.grant("hana", scopes=TRADE | Scope.WITHDRAW)
    assert grant.state is GrantState.ASKED
    refused(lambda: firm.use(HANA), "rights.grant_asked")
    refused(
        lambda: approvals.decide(firm.ports, grant.approval, Decision.APPROVE, actor=HANA), "approval.self"
    )
    firm.declare("lee", roles=frozenset({Role.APPROVER}))
    approvals.decide(firm.ports, grant.approval, Decision.APPROVE, actor=Actor("lee", "host-1"))
    firm.use(HANA)
