"""Declaring and ending people, parties and desks: what is refused, what is on record, in which order."""

from __future__ import annotations

import json

import pytest

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.keys import Environment
from keyguard.core.people import Capacity, Contract, Decision, PartyKind, Role
from keyguard.workflows import approvals, declare_desk, declare_party, declare_person, end_person
from keyguard.workflows.authority import acting, person_of
from keyguard.workflows.identity import Actor, names
from tests.fakes.firm import BO, DAY, HANA, JO, KIM, Firm
from tests.fakes.world import World


def refused(act, code):
    with pytest.raises(UsageError) as caught:
        act()
    assert caught.value.code == code, caught.value


def changes(firm, kind):
    return [body["change"] for body in firm.audit.bodies("people.change") if body["kind"] == kind]


def test_a_declaration_is_on_record_without_naming_anybody():
    firm = Firm()
    declare_desk.declare(firm.ports, "desk", actor=KIM, purpose="quoting", head="hana")
    assert changes(firm, "person") == ["declared"] * 3
    assert changes(firm, "party") == changes(firm, "desk") == ["declared"]
    told = str(firm.audit.bodies("people.change"))
    assert not any(word in told for word in ("kim", "hana", "acme", "quoting", "examplex"))
    assert firm.audit.verify().streams["firm"]


def test_the_policy_is_on_record_once_it_holds():
    world = World()
    assert world.audit.bodies("policy.set") == []
    declare_person.declare(world.ports, "kim", Capacity.EMPLOYEE, actor=KIM)
    declare_person.declare(world.ports, "hana", Capacity.EMPLOYEE, actor=KIM)
    (body,) = world.audit.bodies("policy.set")
    assert body["params"] == {"rights": "enforced", "four_eyes": "risky", "self_approval": "refused"}


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda firm: firm.declare("hana"), "person.taken"),
        (lambda firm: firm.declare("Hana"), "person.spelling"),
        (lambda firm: firm.declare("\u0445"), "person.spelling"),
        (lambda firm: firm.declare("../x"), "person.spelling"),
        (lambda firm: firm.declare("x", name="Нana"), "person.spelling"),
        (lambda firm: firm.declare("x", name="a\u202eb"), "person.spelling"),
        (lambda firm: firm.declare("x", name="Ｈana"), "person.spelling"),
        (lambda firm: firm.declare("j0"), "person.alike"),
        (lambda firm: firm.declare("x", users=[("hana", "")]), "person.user_taken"),
        (lambda firm: firm.declare("x", users=[("hana", "host-9")]), "person.user_taken"),
        (lambda firm: firm.declare("x", Capacity.VENDOR_STAFF), "person.party"),
        (lambda firm: firm.declare("x", party="other"), "party.unknown"),
        (lambda firm: firm.declare("x", until=firm.start), "person.span"),
        (lambda firm: declare_person.find(firm.ports, "x"), "person.unknown"),
        (lambda firm: declare_desk.declare(firm.ports, "a/b", actor=KIM), "desk.spelling"),
        (lambda firm: declare_desk.declare(firm.ports, "a\nb", actor=KIM), "desk.spelling"),
        (lambda firm: declare_desk.declare(firm.ports, "Desk", actor=KIM), "desk.alike"),
        (lambda firm: declare_desk.declare(firm.ports, "d", actor=KIM, head="x"), "person.unknown"),
        (lambda firm: declare_desk.end(firm.ports, "d", actor=KIM, reason=""), "desk.unknown"),
        (lambda firm: party(firm, "acme"), "party.taken"),
        (lambda firm: party(firm, "acrne"), "party.alike"),
        (lambda firm: party(firm, "a b"), "party.spelling"),
        (lambda firm: party(firm, "b", days=0), "party.contract"),
        (lambda firm: declare_party.find(firm.ports, "b"), "party.unknown"),
    ],
)
def test_what_is_refused_leaves_everything_as_it_was(act, code):
    firm = Firm()
    before = firm.people.persons(), firm.people.parties(), firm.people.desks(), len(firm.audit.types())
    refused(lambda: act(firm), code)
    after = firm.people.persons(), firm.people.parties(), firm.people.desks(), len(firm.audit.types())
    assert after == before


def party(firm, id_, name="", days=1):
    contract = Contract("C", firm.start, firm.start + days * DAY)
    return declare_party.declare(
        firm.ports, id_, PartyKind.VENDOR, contract, actor=KIM, relation="hosts", name=name
    )


def test_names_that_read_alike_are_refused():
    firm = Firm()
    firm.declare("x", name="Hana Kim 하나")
    refused(lambda: firm.declare("y", name="HANA KIM 하나"), "person.alike")
    party(firm, "b", name="Acme")
    refused(lambda: party(firm, "c", name="ACME"), "party.alike")
    declare_desk.declare(firm.ports, "mm", actor=KIM)
    refused(lambda: declare_desk.declare(firm.ports, "MM", actor=KIM), "desk.taken")


def test_an_os_user_is_the_person_on_its_host_and_nobody_elsewhere():
    firm = Firm()
    firm.declare("quoter", Capacity.SERVICE, users=[("bot", "host-1")])
    firm.declare("hedger", Capacity.SERVICE, users=[("bot", "host-2")])
    assert acting(firm.ports, Actor("bot", "host-1")).id == "quoter"
    assert acting(firm.ports, Actor("bot", "host-2")).id == "hedger"
    assert acting(firm.ports, Actor("bot", "host-3")).person is None


def test_an_os_user_called_like_a_person_is_not_that_person():
    firm = Firm()
    firm.declare("bo", users=[("bsmith", "")])
    assert acting(firm.ports, BO).id == "os-user/bo"
    named = names(firm.ports, "examplex")
    assert named.person("os-user/bo") != named.person("bo")


def test_os_users_roles_and_end_change_and_the_past_is_kept():
    firm = Firm()
    approver = frozenset({Role.APPROVER})
    declare_person.change(
        firm.ports, "hana", actor=KIM, add_users=[("h2", "")], drop_users=[("hana", "")], add_roles=approver
    )
    assert acting(firm.ports, Actor("h2", "x")).id == "hana"
    assert acting(firm.ports, HANA).person is None
    hana = declare_person.find(firm.ports, "hana")
    assert [(u.user, u.span.ended_at is None) for u in hana.users] == [("hana", False), ("h2", True)]
    assert firm.audit.bodies("role.assign")[0]["role"] == "approver"
    later = firm.clock.now() + DAY
    firm.declare("lee", roles=approver)
    declare_person.change(firm.ports, "hana", actor=KIM, drop_roles=approver, until=later, party="acme")
    hana = declare_person.find(firm.ports, "hana")
    assert (hana.roles, hana.span.until, hana.party) == (frozenset(), later, "acme")
    assert firm.audit.bodies("role.remove")[0]["role"] == "approver"
    firm.declare("new", users=[("hana", "")])  # the OS user is free again


def test_who_left_is_still_known_until_somebody_else_has_the_os_user():
    firm = Firm()
    end_person.end(firm.ports, "hana", actor=KIM, reason="leaver")
    assert acting(firm.ports, HANA).id == "hana"
    firm.clock.sleep(60)
    firm.declare("hana-2", users=[("hana", "")])
    assert acting(firm.ports, HANA).id == "hana-2"
    assert person_of(firm.people.persons(), BO, firm.clock.now()) is None


def test_nobody_leaves_twice_and_no_id_comes_back():
    firm = Firm()
    end_person.end(firm.ports, "hana", actor=KIM, reason="leaver")
    refused(lambda: end_person.end(firm.ports, "hana", actor=KIM, reason="leaver"), "people.ended")
    refused(lambda: firm.declare("hana"), "person.taken")
    refused(lambda: declare_person.change(firm.ports, "hana", actor=KIM, until=None), "people.ended")


def test_only_key_administrators_give_once_there_is_one_but_everybody_takes_away():
    firm = Firm()
    firm.grant("hana")
    declare_person.change(firm.ports, "kim", actor=KIM, add_roles=frozenset({Role.KEY_ADMIN}))
    refused(lambda: firm.grant("hana", actor=HANA), "rights.not_admin")
    refused(lambda: declare_desk.declare(firm.ports, "d", actor=HANA), "rights.not_admin")
    end_person.end(firm.ports, "jo", actor=HANA, reason="leaver")


def test_the_end_of_a_desk_ends_the_grants_for_its_keys():
    firm = Firm()
    declare_desk.declare(firm.ports, "desk", actor=KIM)
    mine, whole = firm.grant("hana"), firm.grant("kim", desk="desk")
    other = firm.grant("hana", "ops/manager", scopes=firm.key.needs)
    _, ended = declare_desk.end(firm.ports, "desk", actor=KIM, reason="closed")
    assert {grant.id for grant in ended} == {mine.id, whole.id}
    assert [g.id for g in firm.people.grants() if g.span.ended_at is None] == [other.id]
    refused(lambda: firm.use(), "rights.desk_ended")
    refused(lambda: declare_desk.end(firm.ports, "desk", actor=KIM, reason=""), "people.ended")
    refused(lambda: firm.grant("hana", desk="desk"), "desk.ended")


def test_a_party_that_ends_takes_its_people_along_and_its_venues_know():
    firm = Firm()
    grant = firm.grant("jo")
    approvals.decide(firm.ports, grant.approval, Decision.APPROVE, actor=HANA)
    firm.use(JO)
    before = firm.audit.bodies("party.set")[-1]
    firm.clock.sleep(60)
    _, left = declare_party.end(firm.ports, "acme", actor=KIM, reason="cancelled")
    assert [ended.person.id for ended in left] == ["jo"]
    after = firm.audit.bodies("party.set")[-1]
    assert after["party"] == before["party"]
    assert after["contract_until"] < before["contract_until"]
    assert firm.audit.types().index("access.revoke") < len(firm.audit.types()) - 1
    refused(lambda: firm.use(JO), "rights.person_ended")
    refused(lambda: declare_party.end(firm.ports, "acme", actor=KIM, reason=""), "people.ended")


def test_a_contract_that_ran_out_refuses_until_it_is_renewed():
    firm = Firm()
    service = firm.declare("runner", Capacity.SERVICE, party="acme", users=[("run", "")])
    assert service.environment is Environment.LIVE
    firm.clock.sleep(100 * 86400)
    refused(lambda: firm.use(Actor("run", "host-1")), "rights.contract_over")
    now = firm.clock.now()
    renewed = declare_party.renew(
        firm.ports,
        "acme",
        actor=KIM,
        contract=Contract("MSA-2", now, now + DAY),
        diligence_at=now,
        diligence_until=now + DAY,
    )
    assert [contract.reference for contract in renewed.contracts] == ["MSA-1", "MSA-2"]
    refused(lambda: firm.use(Actor("run", "host-1")), "rights.no_grant")


@pytest.mark.parametrize(
    "act",
    [
        lambda firm: firm.declare("x"),
        lambda firm: firm.grant("hana"),
        lambda firm: end_person.end(firm.ports, "hana", actor=KIM, reason="leaver"),
        lambda firm: declare_party.end(firm.ports, "acme", actor=KIM, reason="over"),
        lambda firm: declare_desk.declare(firm.ports, "d", actor=KIM),
        lambda firm: declare_person.change(firm.ports, "hana", actor=KIM, add_users=[("h", "")]),
    ],
)
def test_what_cannot_be_recorded_is_not_done(act):
    firm = Firm()
    before = firm.people.persons(), firm.people.parties(), firm.people.grants(), firm.people.desks()
    firm.audit.broken = True
    with pytest.raises(StoreError):
        act(firm)
    assert (firm.people.persons(), firm.people.parties(), firm.people.grants(), firm.people.desks()) == before


def test_the_auditor_finds_everything_in_the_private_parts():
    firm = Firm()
    private = [json.loads(hidden) for _, hidden in firm.audit._private.values()]
    assert {"hana", "kim", "jo", "acme"} <= {part.get("id") for part in private}


def test_nobody_can_end_the_last_administrator_and_then_give_to_themselves():
    firm = Firm()
    admin = frozenset({Role.KEY_ADMIN})
    declare_person.change(firm.ports, "kim", actor=KIM, add_roles=admin)
    refused(lambda: end_person.end(firm.ports, "kim", actor=HANA, reason="coup"), "rights.last_holder")
    refused(
        lambda: declare_person.change(firm.ports, "kim", actor=KIM, drop_roles=admin), "rights.last_holder"
    )
    firm.declare("lee", roles=admin)
    end_person.end(firm.ports, "kim", actor=HANA, reason="leaver")
    refused(lambda: firm.grant("hana", actor=HANA), "rights.not_admin")
    firm.grant("hana", actor=Actor("lee", "host-1"))


def test_an_administrator_whose_time_ran_out_does_not_open_the_door():
    firm = Firm()
    declare_person.change(
        firm.ports, "kim", actor=KIM, add_roles=frozenset({Role.KEY_ADMIN}), until=firm.start + DAY
    )
    firm.clock.sleep(86400)
    refused(lambda: firm.grant("hana", actor=HANA), "rights.not_admin")
    refused(lambda: firm.grant("hana", actor=KIM), "rights.not_admin")
    end_person.end(firm.ports, "kim", actor=HANA, reason="leaver")  # on record, for everybody to see
    firm.grant("hana", actor=HANA)
