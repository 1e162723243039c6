"""Incidents from opening to closing, freezes, and keys that die without us."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.exchange import Life
from keyguard.core.findings import Kind as About
from keyguard.core.incidents import Kind, Scope, Stage, Step
from keyguard.core.keys import KeyKind
from keyguard.core.people import Role
from keyguard.ports.journal import Workflow
from keyguard.workflows import findings, freezes, incidents, look, reveal, rotate
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.handout import hand_out
from keyguard.workflows.identity import names
from keyguard.workflows.incidents import Opening
from keyguard.workflows.revoke import revoke
from tests.fakes.firm import HANA, KIM, Firm
from tests.fakes.world import ACTOR, IPS, PROCESS, World

LEAK = Opening(Kind.LEAK, "found in a public repository", keys=("bot",))


def give(world, key="bot"):
    return hand_out(world.ports, key, purpose="", mode="env", actor=ACTOR, process=PROCESS)


@contextmanager
def refused(code):
    with pytest.raises(UsageError) as caught:
        yield caught
    assert caught.value.code == code


def kill(world):
    world.exchange.remove(world.old.key)


def says(world, **facts):
    """From now on the venue says this of a key that asks about itself."""
    whoami = world.exchange.adapter.whoami

    def answer(own):
        return replace((yield from whoami(own)), **facts)

    world.exchange.adapter = replace(world.exchange.adapter, whoami=answer)


def test_an_incident_from_its_opening_to_its_end():
    world = World()
    start = world.clock.now()
    world.clock.sleep(60)
    opened = incidents.open_incident(world.ports, replace(LEAK, detected_at=start), actor=ACTOR, freeze=True)
    assert (opened.names, opened.venues) == (("examplex/desk/bot",), ("examplex",))
    with refused("handout.frozen") as caught:
        give(world)
    assert opened.id in caught.value.hint
    assert give(world, "manager")
    world.clock.sleep(60)
    noted = incidents.add_event(world.ports, opened.id[3:9], Step.NOTE, "called the venue", actor=ACTOR)
    assert [event.step for event in noted.timeline()] == [
        Step.DETECTED, Step.OPENED, Step.FROZEN, Step.NOTE,
    ]  # fmt: skip
    assert noted.reached()[Step.DETECTED] == start
    assert noted.reached()[Step.FROZEN] == start + timedelta(minutes=1)
    assert noted.reached()[Step.REVOKED] is None
    closed = incidents.close(
        world.ports, opened.id, actor=ACTOR, cause="a paste", outcome=("key replaced", " ")
    )
    assert (closed.open, closed.outcome, world.incidents.freezes()) == (False, ("key replaced",), ())
    assert give(world)
    for late in (
        lambda: incidents.add_event(world.ports, opened.id, Step.NOTE, "more", actor=ACTOR),
        lambda: incidents.close(world.ports, opened.id, actor=ACTOR, cause="a", outcome=("b",)),
    ):
        with refused("incident.over"):
            late()


def test_its_records_are_those_of_kga_and_each_venue_has_its_own_names():
    world = World()
    opened = incidents.open_incident(world.ports, LEAK, actor=ACTOR, freeze=True)
    incidents.close(world.ports, opened.id, actor=ACTOR, cause="a paste", outcome=("key replaced",))
    mine = names(world.ports, "examplex").record_id(opened.id)
    version = world.inventory.live_version(world.key.id)
    (told,) = world.audit.bodies("incident.open")
    assert (told["incident"], told["class"], told["keys"]) == (mine, "leak", [version.fingerprint])
    freezes_told = world.audit.bodies("handout.freeze")
    assert [body["change"] for body in freezes_told] == ["set", "ended"]
    assert freezes_told[0]["keys"] == [version.fingerprint]
    assert [body["note"].split(":")[0] for body in world.audit.bodies("incident.update")] == [
        "frozen",
        "thawed",
    ]
    (end,) = world.audit.bodies("incident.close")
    assert (end["root_cause"], end["actions"]) == ("a paste", ["key replaced"])
    assert opened.id not in json.dumps([*world.audit.bodies("incident.open"), *freezes_told])
    world.audit.verify()


def test_what_concerns_no_venue_stands_in_the_firms_stream_without_words():
    world = World()
    opening = Opening(Kind.LOST_DEVICE, "a laptop was left in a train")
    incident = incidents.open_incident(world.ports, opening, actor=ACTOR)
    incidents.close(world.ports, incident.id, actor=ACTOR, cause="forgotten", outcome=("wiped",))
    assert [body["change"] for body in world.audit.bodies("incident.change")] == ["opened", "closed"]
    assert world.audit.bodies("incident.open") == []
    assert all("laptop" not in str(body) for body in world.audit.bodies("incident.change"))


@pytest.mark.parametrize(
    ("scope", "subject", "bot", "manager"),
    [
        (Scope.KEY, "desk/bot", True, False),
        (Scope.DESK, "ops", False, True),
        (Scope.VENUE, "examplex", True, True),
        (Scope.PERSON, "hana", True, True),
        (Scope.ALL, "", True, True),
        (Scope.PERSON, "jo", False, False),
    ],
)
def test_what_a_freeze_keeps_back(scope, subject, bot, manager):
    world = World()
    one = freezes.freeze(world.ports, scope, subject, reason="a laptop is lost", actor=ACTOR)
    for key, kept in (("desk/bot", bot), ("ops/manager", manager)):
        if kept:
            with refused("handout.frozen"):
                give(world, key)
        else:
            assert give(world, key)
    denied = [body["reason"] for body in world.audit.bodies("handout.denied")]
    assert denied == ["handout.frozen"] * (bot + manager)
    freezes.thaw(world.ports, one.id, actor=ACTOR, reason="found")
    assert give(world) and give(world, "manager")


def test_a_frozen_key_is_not_revealed_either():
    world = World()
    freezes.freeze(world.ports, Scope.KEY, "bot", reason="leak", actor=ACTOR)
    with refused("handout.frozen"):
        reveal.reveal(world.ports, "bot", reason="look", to="terminal", actor=ACTOR, process=PROCESS)


def test_freezing_twice_is_one_freeze_and_each_incident_has_its_own():
    world = World()
    first = freezes.freeze(world.ports, Scope.ALL, "", reason="drill", actor=ACTOR)
    assert freezes.freeze(world.ports, Scope.ALL, "", reason="again", actor=ACTOR) == first
    incidents.open_incident(world.ports, LEAK, actor=ACTOR, freeze=True)
    assert len(world.incidents.freezes()) == 2
    freezes.thaw(world.ports, first.id[:8], actor=ACTOR, reason="over")
    with refused("handout.frozen"):
        give(world)
    with refused("freeze.unknown"):
        freezes.thaw(world.ports, first.id, actor=ACTOR, reason="over")


@pytest.mark.parametrize(
    ("scope", "subject"),
    [
        (Scope.KEY, "nosuch"),
        (Scope.VENUE, "nosuch"),
        (Scope.DESK, "nosuch"),
        (Scope.DESK, ""),
        (Scope.PERSON, "bo"),
    ],
)
def test_a_freeze_of_what_there_is_not_is_refused(scope, subject):
    firm = Firm()
    with pytest.raises(UsageError):
        freezes.freeze(firm.ports, scope, subject, reason="leak", actor=KIM)
    assert firm.incidents.all_freezes() == ()


def test_anybody_freezes_and_administrators_thaw():
    firm = Firm()
    firm.declare("ann", roles=frozenset({Role.KEY_ADMIN}))
    one = freezes.freeze(firm.ports, Scope.ALL, "", reason="leak", actor=HANA)
    incident = incidents.open_incident(firm.ports, LEAK, actor=HANA, freeze=True)
    for act in (
        lambda: freezes.thaw(firm.ports, one.id, actor=HANA, reason="over"),
        lambda: incidents.clear(firm.ports, incident.id, actor=HANA, reason="fine", thaw=True),
        lambda: incidents.close(firm.ports, incident.id, actor=HANA, cause="c", outcome=("o",)),
    ):
        with refused("rights.not_admin"):
            act()
    assert len(firm.incidents.freezes()) == 2


def test_a_key_that_dies_without_us_opens_one_incident_and_is_not_asked_about_in_a_loop():
    world = World()
    kill(world)
    for _ in range(2):
        assert look.at_key(world.ports, "bot").dead
    (incident,) = world.incidents.open()
    assert (incident.kind, incident.names, incident.unseen) == (Kind.KEY_DIED, (world.key.name,), True)
    (told,) = world.audit.bodies("key.invalidated_by_venue")
    assert told["stage"] == "unknown"
    with refused("handout.frozen"):
        give(world)
    asked = len(world.gateway.sent)
    looked = look.at_all(world.ports)
    assert incident.id in looked.unasked[world.key.name]
    assert not [one for one in world.gateway.sent[asked:] if world.old.key in str(one)]
    (finding,) = [one for one in findings.attention(world.ports) if one.item.kind is About.INCIDENT]
    assert "nobody has looked yet" in finding.item.text


def test_it_is_made_anew_only_after_a_person_has_looked():
    world = World()
    kill(world)
    look.at_key(world.ports, "bot")
    (incident,) = world.incidents.open()
    settings = rotate.Options(overlap_s=0)

    def turn():
        return rotate.rotate(world.ports, "bot", settings, actor=ACTOR, process_alive=world.process_alive)

    asked = len(world.gateway.sent)
    with refused("incident.unseen"):
        turn()
    assert len(world.gateway.sent) == asked, "the venue is not even asked"
    incidents.add_event(world.ports, incident.id, Step.NOTE, "called, nobody answers", actor=ACTOR)
    with refused("incident.unseen"):
        turn()
    incidents.clear(world.ports, incident.id, actor=ACTOR, reason="the notice says why", thaw=True)
    world.exchange.adapter = replace(world.exchange.adapter, create_key=None)
    assert turn().finished
    assert give(world)


def test_a_second_death_of_the_next_version_is_a_second_incident():
    world = World("guided")
    kill(world)
    look.at_key(world.ports, "bot")
    (first,) = world.incidents.open()
    incidents.clear(world.ports, first.id, actor=ACTOR, reason="the notice says why")
    settings = rotate.Options(overlap_s=0)
    rotate.rotate(world.ports, "bot", settings, actor=ACTOR, process_alive=world.process_alive)
    world.exchange.remove(world.inventory.live_version(world.key.id).public_id)
    look.at_key(world.ports, "bot")
    assert len(world.incidents.open()) == 2


def test_a_death_noticed_by_a_rotation_is_an_incident_too():
    world = World()
    kill(world)
    with refused("incident.unseen"):
        rotate.rotate(world.ports, "bot", rotate.Options(), actor=ACTOR, process_alive=world.process_alive)
    assert len(world.incidents.open()) == 1
    assert world.journal.workflows() == ()


def test_a_key_that_the_venue_reports_disabled_has_died_too():
    world = World()
    look.at_key(world.ports, "bot")
    says(world, enabled=False)
    look.at_key(world.ports, "bot")
    assert [one.kind for one in world.incidents.open()] == [Kind.KEY_DIED]


def test_expected_deaths_are_no_incidents():
    expired = World()
    end = expired.clock.now() + timedelta(days=1)
    says(expired, expires_at=end)
    look.at_key(expired.ports, "bot")
    kill(expired)
    ruled = World()
    rule = Life(timedelta(days=90), source="https://examplex.test")
    adapter = ruled.exchange.adapter
    ruled.exchange.adapter = replace(adapter, facts=replace(adapter.facts, lives=(rule,)))
    ruled.clock.sleep(91 * 86_400)
    kill(ruled)
    ours = World()
    moment = ours.clock.now()
    ours.journal.open(Workflow("w1", "revoke", ours.key.id, "revoking", moment, moment))
    kill(ours)
    token = World()
    token.inventory.update_key(replace(token.key, kind=KeyKind.OAUTH))
    kill(token)
    for world in (expired, ruled, ours, token):
        assert look.at_key(world.ports, "bot").dead
        assert world.incidents.all() == ()
        assert world.audit.bodies("key.invalidated_by_venue") == []


def test_a_death_days_before_the_end_that_the_venue_told_is_one():
    world = World()
    says(world, expires_at=world.clock.now() + timedelta(days=3))
    look.at_key(world.ports, "bot")
    kill(world)
    look.at_key(world.ports, "bot")
    assert len(world.incidents.open()) == 1


def test_a_refusal_of_several_meanings_opens_nothing():
    world = World(ambiguous=True)
    kill(world)
    assert not look.at_key(world.ports, "bot").dead
    assert world.incidents.all() == ()


def test_refused_and_no_more_in_the_list_of_its_account_is_a_death():
    world = World(ambiguous=True)
    other = world.exchange.make("other", ["view", "trade"], IPS)
    enrol(world.ports, Declared("examplex", "desk", "other", "kim"), other)
    look.at_all(world.ports)
    world.exchange.remove(world.old.key)
    look.at_all(world.ports)
    (incident,) = world.incidents.open()
    assert (incident.kind, incident.names) == (Kind.KEY_DIED, (world.key.name,))
    assert "does not list it" in incident.how


def test_refused_and_still_listed_is_none():
    world = World(ambiguous=True)
    other = world.exchange.make("other", ["view", "trade"], IPS)
    enrol(world.ports, Declared("examplex", "desk", "other", "kim"), other)
    held = world.exchange.keys[world.old.key]
    world.exchange.keys[world.old.key] = replace(held, enabled=False)
    looked = look.at_all(world.ports)
    assert any(seen.refusal for seen in looked.inspections)
    assert world.incidents.all() == ()


def test_a_revocation_of_ours_is_no_incident_and_is_allowed_before_anybody_looked():
    world = World()
    look.at_key(world.ports, "bot")
    revoke(world.ports, "bot", reason="leak", manager="", actor=ACTOR, process_alive=world.process_alive)
    assert world.incidents.all() == ()
    kill_world = World()
    kill(kill_world)
    look.at_key(kill_world.ports, "bot")
    done = revoke(
        kill_world.ports,
        "bot",
        reason="leak",
        manager="",
        actor=ACTOR,
        process_alive=kill_world.process_alive,
    )
    assert done.finished


def test_a_notice_of_the_venue_with_its_stages():
    world = World()
    received = world.clock.now()
    world.clock.sleep(3600)
    opening = Opening(
        Kind.VENUE_NOTICE,
        "a warning by mail to the account holder",
        venues=("examplex",),
        received_at=received,
        stage=Stage.WARNING,
        reference="N-7",
    )
    notice = incidents.open_incident(world.ports, opening, actor=ACTOR)
    assert (notice.first(Step.RECEIVED), notice.deadline) == (received, None)
    notes = [body["note"] for body in world.audit.bodies("incident.update")]
    assert any("stage warning; deadline unknown; reference N-7" in note for note in notes)
    until = world.clock.now() + timedelta(days=3)
    incidents.set_stage(world.ports, notice.id, actor=ACTOR, stage=Stage.REVERIFY, deadline=until)
    told = incidents.add_event(world.ports, notice.id, Step.REPLIED, "the holder has confirmed", actor=ACTOR)
    assert (told.stage, told.deadline) == (Stage.REVERIFY, until)
    after = incidents.set_stage(world.ports, notice.id, actor=ACTOR, stage=Stage.MONITORING)
    assert after.deadline is None, "a new stage has no deadline that was another's"
    incidents.add_event(world.ports, notice.id, Step.RESULT, "no further steps", actor=ACTOR)
    with refused("incident.time"):
        incidents.add_event(
            world.ports, notice.id, Step.REPLIED, "later", actor=ACTOR, at=world.clock.now() + timedelta(1)
        )


@pytest.mark.parametrize(
    "text",
    [
        "we filed an STR",
        "a suspicious-transaction report was drafted",
        "의심거래 보고를 함",
        "told the FIU",
        "goAML",
    ],
)
def test_nothing_tells_of_reports_of_suspicious_transactions(text):
    world = World()
    opened = incidents.open_incident(world.ports, LEAK, actor=ACTOR)
    before = len(world.audit.bodies("incident.update"))
    for act in (
        lambda: incidents.open_incident(world.ports, replace(LEAK, how=text), actor=ACTOR),
        lambda: incidents.add_event(world.ports, opened.id, Step.NOTE, text, actor=ACTOR),
        lambda: incidents.clear(world.ports, opened.id, actor=ACTOR, reason=text),
        lambda: incidents.set_stage(world.ports, opened.id, actor=ACTOR, reference=text),
        lambda: incidents.close(world.ports, opened.id, actor=ACTOR, cause="c", outcome=(text,)),
        lambda: freezes.freeze(world.ports, Scope.ALL, "", reason=text, actor=ACTOR),
    ):
        with refused("incident.tipping_off"):
            act()
    assert len(world.audit.bodies("incident.update")) == before
    assert len(world.incidents.all()) == 1


@pytest.mark.parametrize("text", ["the strategy was stopped", "Sara called", "structure", "a string"])
def test_ordinary_words_are_no_such_reports(text):
    world = World()
    opened = incidents.open_incident(world.ports, LEAK, actor=ACTOR)
    incidents.add_event(world.ports, opened.id, Step.NOTE, text, actor=ACTOR)


@pytest.mark.parametrize(
    ("opening", "code"),
    [
        (replace(LEAK, how=" "), "incident.how"),
        (replace(LEAK, keys=("nosuch",)), "key.unknown"),
    ],
)
def test_an_incident_of_nothing_is_refused(opening, code):
    world = World()
    with refused(code):
        incidents.open_incident(world.ports, opening, actor=ACTOR)
    assert world.incidents.all() == ()


def test_an_incident_is_closed_with_its_cause_and_outcome():
    world = World()
    opened = incidents.open_incident(world.ports, LEAK, actor=ACTOR)
    for cause, outcome in (("", ("o",)), ("c", ()), ("c", (" ",))):
        with refused("incident.cause"):
            incidents.close(world.ports, opened.id, actor=ACTOR, cause=cause, outcome=outcome)
    with refused("incident.note"):
        incidents.add_event(world.ports, opened.id, Step.NOTE, " ", actor=ACTOR)
    with refused("incident.reason"):
        incidents.clear(world.ports, opened.id, actor=ACTOR, reason=" ")
