"""Somebody who left long ago is forgotten: no store names them, the log verifies, nobody takes their id."""

from __future__ import annotations

import json

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.forgetting import PREFIX, names_forgotten, names_them, renamed
from keyguard.core.people import Capacity, Role
from keyguard.workflows import attest_people, declare_person, end_person, give_grant
from keyguard.workflows.forget_person import due, forget, plan
from keyguard.workflows.give_grant import Wanted
from keyguard.workflows.identity import Actor, names
from tests.fakes.attesting import AUDITOR, Firm
from tests.fakes.world import World

YEAR = 365.25 * 86_400
HANA, JO = Actor("hana", "host-1"), Actor("jo", "host-1")


@pytest.fixture
def world():
    made = World()
    declare_person.declare(
        made.ports, "hana", Capacity.EMPLOYEE, actor=HANA, name="하나", users=[("hana", "")]
    )
    users = [("jo", ""), ("jsmith", "")]
    declare_person.declare(made.ports, "jo", Capacity.EMPLOYEE, actor=HANA, name="Jo Smith", users=users)
    wanted = Wanted("jo", key=made.key.name, executables=("/home/jo/bot",))
    give_grant.give(made.ports, wanted, actor=HANA)
    declare_person.change(made.ports, "jo", actor=HANA, add_roles=frozenset({Role.AUDITOR}))
    return made


def left(world, *, years):
    end_person.end(world.ports, "jo", actor=HANA, reason="moved")
    world.clock.sleep(years * YEAR)


def refused(code, action, *words, **more):
    with pytest.raises(UsageError) as error:
        action(*words, **more)
    assert error.value.code == code
    return error.value


def everything(world):
    """All that is stored about people and beside the log, as text."""
    people = world.ports.people
    kept = [people.persons(), people.grants(), people.approvals(), people.notes("")]
    return repr(kept) + repr(world.audit.private())


def test_who_left_is_forgotten_and_all_else_stays(world):
    ports = world.ports
    left(world, years=8)
    pseudonym = names(ports, "firm").person("jo")
    before = world.audit.verify()
    planned = plan(ports, "jo", 7)
    assert planned.numbers
    assert [one.id for one in due(ports, 7)] == ["jo"]
    instead = forget(ports, planned, actor=HANA)
    assert instead.startswith(PREFIX)
    text = everything(world)
    assert not any(names_them(json.dumps(text).encode(), [word]) for word in ("jo", "Jo Smith", "jsmith"))
    (grant,) = [one for one in ports.people.grants() if one.person == instead]
    assert (grant.executables, grant.given_by) == ((), "hana")
    (person,) = [one for one in ports.people.persons() if one.id == instead]
    assert (person.name, person.users, person.capacity) == ("", (), Capacity.EMPLOYEE)
    assert all(names_forgotten(one) for one in ports.people.approvals())
    after = world.audit.verify()
    assert after.records == before.records + 1
    assert world.audit.bodies("people.change")[-1]["change"] == "forgotten"
    assert pseudonym in repr([entry.record for entry in world.audit.entries()])
    assert due(ports, 7) == ()
    refused("people.unknown", attest_people.disclosed, ports, [instead], ["examplex"], "why", "basis")
    refused("person.taken", declare_person.declare, ports, "jo", Capacity.EMPLOYEE, actor=HANA)
    refused("person.taken", declare_person.declare, ports, instead, Capacity.EMPLOYEE, actor=HANA)
    refused("person.forgotten", plan, ports, instead, 7)
    refused("person.unknown", plan, ports, "jo", 7)


@pytest.mark.parametrize(("years", "kept"), [(6, 7), (9, 10)])
def test_names_are_kept_so_long(world, years, kept):
    refused("person.retained", plan, world.ports, "jo", kept)
    left(world, years=years)
    assert "2026" in refused("person.retained", plan, world.ports, "jo", kept).message
    assert due(world.ports, kept) == ()
    refused("prune.years", plan, world.ports, "jo", 6)


def test_a_later_record_that_names_them_is_kept_too(world):
    left(world, years=8)
    world.audit.append(
        "firm", "people.change", {"kind": "grant", "subject": "x", "change": "ended"}, private={"by": "jo"}
    )
    assert "record" in refused("person.retained", plan, world.ports, "jo", 7).message


def test_only_an_administrator_may(world):
    left(world, years=8)
    planned = plan(world.ports, "jo", 7)
    declare_person.change(world.ports, "hana", actor=HANA, add_roles=frozenset({Role.KEY_ADMIN}))
    refused("rights.not_admin", forget, world.ports, planned, actor=JO)
    assert "jo" in everything(world)


def test_only_members_that_hold_persons_are_changed():
    facts = {
        "desk": "jo",
        "items": [{"person": "jo", "verdict": "keep", "by": "kim"}, {"person": "kim", "by": "jo"}],
        "reviewers": ["kim", "jo"],
        "scope": "desk",
        "subject": "jo",
    }
    told = renamed(facts, "jo", "forgotten-1")
    assert told == {
        "desk": "jo",
        "items": [
            {"person": "forgotten-1", "verdict": "keep", "by": "kim"},
            {"person": "kim", "by": "forgotten-1"},
        ],
        "reviewers": ["kim", "forgotten-1"],
        "scope": "desk",
        "subject": "jo",
    }
    freeze = renamed({"scope": "person", "subject": "jo"}, "jo", "forgotten-1")
    assert freeze["subject"] == "forgotten-1"
    report = {"kind": "person", "subject": "jo", "document": '{"people":[{"person":"jo"}]}'}
    assert "jo" not in repr(renamed(report, "jo", "forgotten-1"))
    assert renamed({"subject": {"person": "jo", "grant": "gr"}}, "jo", "x")["subject"]["person"] == "x"


def test_an_auditor_is_shown_all_but_who_they_were():
    """Both verifiers take the bundle; its years lie before and after the forgetting."""
    firm = Firm()
    declare_person.declare(firm.ports, "hana", Capacity.EMPLOYEE, actor=HANA, users=[("hana", "")])
    declare_person.declare(firm.ports, "jo", Capacity.EMPLOYEE, actor=HANA, name="Jo Smith")
    firm.wait()
    (before,) = firm.attest(0, 1, AUDITOR, profile="auditor")
    assert b"Jo Smith" in before.data
    end_person.end(firm.ports, "jo", actor=HANA, reason="moved")
    firm.wait(8 * 366)
    forget(firm.ports, plan(firm.ports, "jo", 7), actor=HANA)
    (after,) = firm.attest(0, 8 * 366, AUDITOR, profile="auditor", again=True)
    assert b"Jo Smith" not in after.data
    assert b'"id":"jo"' in before.data
    assert b'"jo"' not in after.data
    assert b'"change":"forgotten"' in after.data
