"""Venues without key management by API: a person creates and revokes, keyguard proves both."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keyguard.core.errors import OutcomeUnknown, Refused, Unreachable, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard.workflows import credentials, incidents
from keyguard.workflows.recovery import cancel, resume
from keyguard.workflows.rotate import Options, rotate
from tests.fakes.world import ACTOR, IPS, World


def turn(world, **options):
    settings = Options(**{"overlap_s": 0, **options})
    return rotate(world.ports, "bot", settings, actor=ACTOR, process_alive=world.process_alive)


def go_on(world, how=resume):
    (workflow,) = world.journal.workflows()
    return how(world.ports, workflow.id, actor=ACTOR, process_alive=world.process_alive)


@pytest.mark.parametrize("variant", ["guided", "blind"])
def test_a_person_creates_and_revokes(variant):
    world = World(variant)
    assert turn(world).state == "buried"
    assert [guide.title for guide in world.person.guides] == ["create", "delete"]
    assert world.audit.bodies("key.revoke")[0]["at_venue"] == "web"
    (proof,) = world.audit.bodies("key.revoke_confirmed")
    assert ("absent from the key list" in proof["method"]) == (variant == "guided")
    assert world.audit.bodies("key.register")[-1]["scopes_granted"] == ["read", "trade_spot"]


def test_nobody_is_there():
    world = World("guided")
    world.person.absent = True
    with pytest.raises(UsageError) as caught:
        turn(world)
    assert caught.value.code == "person.needed"
    assert world.journal.all_calls() == ()
    world.person.absent = False
    assert go_on(world).state == "buried"
    assert len(world.person.guides) == 2, "nothing was made, so nothing has to be looked for"


def test_pasting_errors_are_told_and_asked_again():
    world = World("guided")
    malformed = Credential("FAKE key", Secret("FAKEsecret"))
    world.person.pastes = [world.old, malformed]
    assert turn(world).state == "buried"
    assert any("registered already" in line for line in world.person.told)
    assert any("access key holds" in line for line in world.person.told)
    assert "delete it" in world.person.guides[1].steps[0]


def test_a_wrong_secret_is_noticed_before_anything_depends_on_it():
    world = World("guided")
    made = world.exchange.make("by hand", ["view", "trade"], IPS)
    world.person.pastes = [Credential(made.key, Secret("FAKEtypo")), made]
    assert turn(world).state == "buried"
    assert credentials.load(world.ports, world.inventory.live_version(world.key.id)) == made


def test_three_wrong_pastes_end_it_for_now():
    world = World("guided")
    junk = [Credential(f"FAKEjunk{n}", Secret("FAKEs")) for n in range(3)]
    world.person.pastes = list(junk)
    with pytest.raises(Refused) as caught:
        turn(world)
    assert "workflow resume" in caught.value.hint
    assert world.journal.all_calls() == ()
    assert go_on(world).state == "buried"


def test_a_venue_that_cannot_be_reached_keeps_the_paste():
    world = World("guided")
    made = world.exchange.make("by hand", ["view", "trade"], IPS)

    def paste(venue, guide):
        world.gateway.down = True
        return made

    world.person.new_credential = paste
    with pytest.raises(Unreachable):
        turn(world)
    world.gateway.down = False
    del world.person.new_credential
    assert go_on(world).state == "buried"
    assert credentials.load(world.ports, world.inventory.live_version(world.key.id)) == made


def test_a_key_too_wide_is_not_switched_to_and_can_be_cancelled():
    world = World("guided")
    made = world.exchange.make("by hand", ["view", "trade", "payout"], IPS)
    world.person.pastes, world.person.mends = [made], False
    with pytest.raises(Exception, match="may withdraw too"):
        turn(world)
    assert go_on(world, cancel).state == "aborted"
    assert not world.answers(made) and world.answers(world.old)


def test_a_person_who_says_done_but_did_nothing_is_found_out():
    world = World("guided")
    world.person.lazy = True
    with pytest.raises(OutcomeUnknown, match="the venue still answers it") as caught:
        turn(world)
    assert caught.value.code == "rotation.revoked_unconfirmed"
    assert world.journal.workflows()[0].state == "revoked"
    world.exchange.remove(world.old.key)
    assert go_on(world).state == "buried"


def test_what_the_venue_does_not_tell_stays_declared():
    world = World("guided")
    world.exchange.tells_scopes = world.exchange.tells_ips = False
    turn(world)
    version = world.inventory.live_version(world.key.id)
    seen = world.inventory.last_observation(version.id).report
    assert (seen.scopes, seen.scopes_origin) == (Scope.READ | Scope.TRADE_SPOT, Origin.DECLARED)
    assert (seen.ips, seen.ips_origin) == (None, Origin.UNKNOWN)
    assert "exactly those of the old key" in world.person.guides[0].steps[0]
    observed = world.audit.bodies("key.observe")[-1]
    assert observed["scopes_granted"] == [], "the record holds what the venue said"


def test_what_is_put_before_the_steps_is_put_there_in_each_language():
    world = World("guided")
    world.exchange.tells_ips = False
    made = world.exchange.adapter.guide_create
    world.exchange.adapter = replace(
        world.exchange.adapter, guide_create=lambda spec: replace(made(spec), korean=("발급을 누릅니다",))
    )
    turn(world)
    guide = world.person.guides[0]
    assert "기존 키와 똑같이" in guide.korean[0]
    assert guide.korean[1:] == ("발급을 누릅니다",)


def test_needs_without_names_leave_the_settings_to_the_person():
    world = World("guided")
    world.inventory.update_key(replace(world.key, needs=Scope.TRADE_SPOT))
    narrow = replace(world.exchange.adapter.scopes, names={"all": Scope.READ | Scope.TRADE_SPOT})
    world.exchange.tells_scopes = False
    world.exchange.adapter = replace(world.exchange.adapter, scopes=narrow)
    workflow = turn(world)
    assert workflow.data["plan"]["spec"]["grants"] == []


def test_a_manager_cannot_be_named_where_there_is_nothing_to_manage():
    with pytest.raises(UsageError, match="no key can manage it"):
        turn(World("guided"), manager="bot")


def test_a_key_proven_from_elsewhere_is_left_to_the_proof():
    """An address refusal does not tell a wrong paste, so it is the proof that says what is wrong."""
    world = World("guided")
    make = world.person.new_credential

    def paste(venue, guide):
        made = make(venue, guide)
        world.exchange.refuse = {"GET /whoami": "1007"}
        return made

    world.person.new_credential = paste
    with pytest.raises(Exception, match="the venue refuses it"):
        turn(world)
    assert world.journal.workflows()[0].state == "stored"
    world.exchange.refuse = {}
    assert go_on(world).state == "buried"


@pytest.mark.parametrize("told", [True, False])
def test_a_key_of_another_account_is_not_taken(told):
    world = World("guided")
    world.exchange.tells_account = told
    foreign = world.exchange.make("by hand", ["view", "trade"], IPS, account="A2")
    world.person.pastes = [foreign]
    assert turn(world).state == "buried"
    assert any("another account" in line for line in world.person.told)
    live = world.inventory.live_version(world.key.id)
    assert world.exchange.keys[live.public_id].account == "A1"


def test_a_key_of_another_account_that_only_the_proof_can_tell_is_not_switched_to():
    """An address refusal hides it when it is pasted."""
    world = World("guided")
    world.exchange.tells_account = False
    foreign = world.exchange.make("by hand", ["view", "trade"], IPS, account="A2")

    def paste(venue, guide):
        world.exchange.refuse = {"GET /whoami": "1007"}
        return foreign

    world.person.new_credential = paste
    with pytest.raises(Exception, match="the venue refuses it"):
        turn(world)
    world.exchange.refuse = {}
    with pytest.raises(Exception, match="it belongs to another account"):
        go_on(world)
    assert world.inventory.live_version(world.key.id).public_id == world.old.key


def test_an_old_key_that_is_dead_already_cannot_tell_the_account():
    world = World("guided")
    world.exchange.tells_account = False
    turn(world)
    world.exchange.remove(world.inventory.live_version(world.key.id).public_id)
    with pytest.raises(UsageError, match="no person has looked"):
        turn(world)
    (incident,) = world.incidents.open()
    incidents.clear(world.ports, incident.id, actor=ACTOR, reason="the venue confirms it")
    assert turn(world).state == "buried"


def test_a_person_who_said_done_too_early_is_shown_the_page_again():
    world = World("guided")
    world.person.lazy = True
    with pytest.raises(OutcomeUnknown):
        turn(world)
    world.person.lazy = False
    assert go_on(world).state == "buried"
    assert [guide.title for guide in world.person.guides] == ["create", "delete", "delete"]


def test_what_a_venue_says_to_take_a_minute_is_waited_for():
    world = World("guided", delay_s=55)
    with pytest.raises(Refused):
        turn(world)
    assert "that is not the new key examplex refused" in world.person.told
    world = World("guided", delay_s=55)
    facts = replace(world.exchange.adapter.facts, propagation=timedelta(minutes=1))
    world.exchange.adapter = replace(world.exchange.adapter, facts=facts)
    assert turn(world).state == "buried"
