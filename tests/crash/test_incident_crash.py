"""Die before and after every effect of what is done about an incident: done again, it converges.

Rows and records tell the same; a key is either frozen or not in the incident's records; one death is one
incident; what was contained is dead, with proof, and nothing was lost.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.incidents import Kind, Scope, Step
from keyguard.core.keys import VersionStatus
from keyguard.stores.evidence import EvidenceFolder
from keyguard.workflows import (
    contain,
    end_person,
    freezes,
    incidents,
    look,
    offboard,
    offboarding_report,
    preserve,
)
from keyguard.workflows.handout import hand_out
from keyguard.workflows.identity import names
from keyguard.workflows.incidents import Opening
from keyguard.workflows.recovery import resume
from keyguard.workflows.rotate import Options
from keyguard.workflows.rotate_each import rotate_each
from tests.crash.killing import Fate, Killed, mortal
from tests.fakes.firm import HANA, KIM, Firm
from tests.fakes.world import ACTOR, PROCESS, World

LEAK = Opening(Kind.LEAK, "in a public repository", keys=("bot",))


def newest(world):
    return world.incidents.all()[-1]


def open_(ports, world):
    incidents.open_incident(ports, LEAK, actor=ACTOR, freeze=True)


def die(ports, world):
    look.at_key(ports, "bot")


def note(ports, world):
    incidents.add_event(ports, newest(world).id, Step.NOTE, "called the venue", actor=ACTOR)


def clear(ports, world):
    incidents.clear(ports, newest(world).id, actor=ACTOR, reason="the notice says why", thaw=True)


def close(ports, world):
    incidents.close(ports, newest(world).id, actor=ACTOR, cause="a paste", outcome=("key replaced",))


def freeze(ports, world):
    freezes.freeze(ports, Scope.VENUE, "examplex", reason="drill", actor=ACTOR)


def thaw(ports, world):
    freezes.thaw(ports, world.incidents.freezes()[0].id, actor=ACTOR, reason="over")


def contained(ports, world):
    contain.contain(ports, newest(world).id, revoking=True, actor=ACTOR, process_alive=world.process_alive)


def begun(act):
    world = World()
    if act is die:
        world.exchange.remove(world.old.key)
    elif act is freeze:
        pass
    elif act in (note, clear, close, thaw, contained):
        incidents.open_incident(world.ports, LEAK, actor=ACTOR, freeze=act is not contained)
    return world


def holds(world):
    """The rows and the records tell the same."""
    named = names(world.ports, "examplex")
    told = {body["incident"] for body in world.audit.bodies("incident.open")}
    assert told == {named.record_id(one.id) for one in world.incidents.all()}
    closed = {body["incident"] for body in world.audit.bodies("incident.close")}
    assert closed == {named.record_id(one.id) for one in world.incidents.all() if not one.open}
    changes = [(body["freeze"], body["change"]) for body in world.audit.bodies("handout.freeze")]
    rows = world.incidents.all_freezes()
    ends = [(named.record_id(one.id), "ended") for one in rows if not one.stands]
    assert sorted(changes) == sorted([*((named.record_id(one.id), "set") for one in rows), *ends])
    notes = [body["note"] for body in world.audit.bodies("incident.update")]
    steps = [e.step for one in world.incidents.all() for e in one.events]
    quiet = (Step.DETECTED, Step.OPENED, Step.CLOSED)
    assert len(notes) == sum(step not in quiet for step in steps)
    died = world.audit.bodies("key.invalidated_by_venue")
    assert len(died) == sum(one.kind is Kind.KEY_DIED for one in world.incidents.all()) <= 1
    frozen = any(one.covers(world.key, "hana") for one in world.incidents.freezes())
    live = any(v.status is VersionStatus.LIVE for v in world.inventory.versions(world.key.id))
    if live:
        try:
            hand_out(world.ports, "bot", purpose="", mode="env", actor=ACTOR, process=PROCESS)
        except UsageError as error:
            assert error.code == "handout.frozen"
            assert frozen
        else:
            assert not frozen
    world.audit.verify()


def calls(act):
    fate = Fate()
    world = begun(act)
    act(mortal(world.ports, fate), world)
    return fate.count


CASES = [
    (act, at, side)
    for act in (open_, die, note, clear, close, freeze, thaw, contained)
    for at in range(1, calls(act) + 1)
    for side in ("before", "after")
]


@pytest.mark.parametrize(("act", "at", "side"), CASES, ids=lambda v: getattr(v, "__name__", str(v)))
def test_rows_and_records_agree_after_every_death_and_the_work_can_be_done_again(act, at, side):
    world = begun(act)
    with pytest.raises(Killed):
        act(mortal(world.ports, Fate(at, side)), world)
    holds(world)
    try:
        act(world.ports, world)
    except UsageError as error:  # it was done: the kill came after its commit
        assert error.code in ("incident.over", "freeze.unknown")
    except IndexError:
        assert act is thaw and not world.incidents.freezes()
    holds(world)
    if act is contained:
        assert not world.answers(world.old)
        assert world.journal.workflows(unfinished=True) == ()
        assert world.journal.all_calls() == ()
        (version,) = world.inventory.versions(world.key.id)
        assert version.status is VersionStatus.DEAD
        assert version.item not in world.store.items
        assert len(world.audit.bodies("key.revoke_confirmed")) == 1
        reached = newest(world).reached()
        assert all(reached[step] for step in (Step.FROZEN, Step.REVOKED, Step.CONTAINED))
        assert [e.step for e in newest(world).events].count(Step.REVOKED) == 1


PRESERVE_CALLS = 8


def preserved(ports, world, folder, fate):
    class Mortal(EvidenceFolder):
        def write(self, name, chunks):
            return fate.call(f"evidence.{name}", super().write, name, chunks)

    return preserve.preserve(
        ports, newest(world).id, lambda *names: Mortal(folder.joinpath(*names)), actor=ACTOR, since=None
    )


def test_all_calls_of_preserving_are_died_at(tmp_path):
    world, fate = begun(note), Fate()
    preserved(mortal(world.ports, fate), world, tmp_path, fate)
    assert fate.count == PRESERVE_CALLS, fate.names


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("at", range(1, PRESERVE_CALLS + 1))
def test_what_was_preserved_counts_when_it_is_whole_and_recorded(at, side, tmp_path):
    world = begun(note)
    fate = Fate(at, side)
    with suppress(Killed):
        preserved(mortal(world.ports, fate), world, tmp_path, fate)
    noted = [event for event in newest(world).events if event.step is Step.PRESERVED]
    for event in noted:
        assert _whole(tmp_path, newest(world)) >= 1, event
    world.clock.sleep(1)
    incident, _ = preserved(world.ports, world, tmp_path, Fate())
    assert _whole(tmp_path, incident) == len(noted) + 1
    holds(world)


def _whole(folder, incident):
    """How many packages are as the log says."""
    seals = [event.text for event in incident.events if event.step is Step.PRESERVED]
    found = 0
    for path in (folder / incident.id).glob("log-*"):
        package = EvidenceFolder(path)
        if (path / preserve.SUMS).exists():
            seal = hashlib.sha256((path / preserve.SUMS).read_bytes()).hexdigest()
            if any(seal in text for text in seals):
                assert preserve.check(package, incident) > 0
                found += 1
    return found


def leaving(ports, firm):
    """What `person offboard --yes --rotate` does."""
    if ports.people.persons() and firm_person(firm).span.ended_at is None:
        end_person.end(ports, "hana", actor=KIM, reason="leaver")
    plan = offboard.plan(ports, "hana")
    offboarding_report.keep(ports, "person", "hana", [plan])
    keys = [one.key for one in plan.keys if one.must_rotate]
    rotations = rotate_each(ports, keys, Options(overlap_s=0), actor=KIM, process_alive=firm.process_alive)
    offboarding_report.keep(ports, "person", "hana", [offboard.plan(ports, "hana")])
    return rotations


def firm_person(firm):
    return next(person for person in firm.people.persons() if person.id == "hana")


def staffed():
    firm = Firm()
    firm.grant("hana")
    given = firm.use(HANA)
    firm.inventory.end_lease(given.lease_id, firm.clock.now())
    return firm


def leaving_calls():
    fate, firm = Fate(), staffed()
    leaving(mortal(firm.ports, fate), firm)
    return fate.count


@pytest.mark.parametrize("at", range(1, leaving_calls() + 1))
def test_an_off_boarding_goes_on_and_its_report_tells_the_whole(at):
    firm = staffed()
    side = ("before", "after")[at % 2]
    with pytest.raises(Killed):
        leaving(mortal(firm.ports, Fate(at, side)), firm)
    for workflow in firm.journal.workflows(unfinished=True):
        resume(firm.ports, workflow.id, actor=KIM, process_alive=firm.process_alive)
    assert leaving(firm.ports, firm).failed == {}
    (report,) = firm.incidents.reports()
    told = json.loads(report.document)
    assert [(key["state"], key["handouts"]) for key in told["keys"]] == [("dead", 1)]
    assert told["last_dead_at"] is not None
    assert not firm.answers(firm.old)
    with pytest.raises(UsageError, match="may not use"):
        firm.use(HANA)
