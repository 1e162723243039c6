"""Steps at a venue's page: ticked one by one, kept over a restart, proven at their end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keyguard.core.errors import OutcomeUnknown, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.findings import Kind
from keyguard.core.keys import Origin, VersionStatus
from keyguard.core.policy import Level
from keyguard.core.secret import Secret
from keyguard.workflows import checklist, credentials, radar, reminders
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.recovery import cancel
from keyguard.workflows.revoke import revoke
from keyguard.workflows.rotate import Options, rotate
from tests.fakes.world import ACTOR, IPS, World
from tests.unit.workflows.test_guided import go_on, turn

CREATE = ("press Create", "choose read and trade", "press Confirm")
DELETE = ("find the key", "press Delete")


def world_with_steps():
    """Its guides have several steps; the last of each is what the fake person reads."""
    world = World("guided")
    made, ended = world.exchange.adapter.guide_create, world.exchange.adapter.guide_delete

    def creating(spec):
        return replace(made(spec), steps=(*CREATE, *made(spec).steps))

    def deleting(report):
        return replace(ended(report), steps=(*DELETE, *ended(report).steps))

    world.exchange.adapter = replace(world.exchange.adapter, guide_create=creating, guide_delete=deleting)
    return world


def standing(world):
    (workflow,) = world.journal.workflows()
    return checklist.of(workflow.data)


def left(world, ticks, how=turn):
    """The person ticks so many steps and goes away."""
    world.person.ticks = ticks
    with pytest.raises(UsageError) as caught:
        how(world)
    assert caught.value.code == "person.needed"
    assert "keyguard workflow resume" in caught.value.hint


def test_a_restart_goes_on_with_the_first_open_step():
    world = world_with_steps()
    left(world, 2)
    assert (standing(world).task, standing(world).done) == ("create", 2)
    assert standing(world).steps[:3] == CREATE
    left(world, 2 + 1, go_on)  # the two that are open, then one of the deletion
    assert (standing(world).task, standing(world).done) == ("delete", 1)
    world.person.ticks = 2
    assert go_on(world).state == "buried"
    assert standing(world) is None


def test_the_steps_of_a_revocation_survive_too():
    world = world_with_steps()
    spare = world.exchange.make("spare", ["view"], IPS)
    enrol(world.ports, Declared("examplex", "ops", "spare", "kim"), spare)

    def end(world):
        settings = {"reason": "leak", "manager": "", "actor": ACTOR, "process_alive": world.process_alive}
        return revoke(world.ports, "bot", **settings)

    left(world, 1, end)
    assert standing(world).done == 1
    world.person.ticks = 2
    assert go_on(world).state == "buried"


def test_a_page_that_changed_meanwhile_is_begun_anew():
    world = world_with_steps()
    left(world, 3)
    made = world.exchange.adapter.guide_create
    world.exchange.adapter = replace(
        world.exchange.adapter,
        guide_create=lambda spec: replace(made(spec), steps=("new", *made(spec).steps)),
    )
    left(world, 0, go_on)
    assert (standing(world).done, standing(world).steps[0]) == (0, "new")


@pytest.mark.parametrize("other", ["examplex/desk/other", "examplex/desk/bot"])
def test_a_secret_that_is_or_was_another_keys_is_not_taken(other):
    world = World("guided")
    known = world.old
    if other.endswith("bot"):  # the version that died in the first rotation
        turn(world)
        assert all(v.status is VersionStatus.DEAD for v in world.inventory.versions(world.key.id)[:-1])
    else:
        world.inventory.update_key(replace(world.key, label="other"))
    made = world.exchange.make("by hand", ["view", "trade"], IPS)
    world.person.pastes = [Credential(made.key, known.secret), made]
    world.person.told.clear()
    key_name = "other" if other.endswith("other") else "bot"
    world.key = world.inventory.find_key(key_name)
    done = rotate(world.ports, key_name, Options(overlap_s=0), actor=ACTOR, process_alive=world.process_alive)
    assert done.state == "buried"
    assert f"that is not the new key its secret is that of another key of the firm: {other}" in (
        world.person.told
    )
    assert known.secret.reveal() not in str(world.journal.workflows())


def test_an_old_key_that_is_dead_is_known_by_its_id():
    world = World("guided")
    turn(world)
    world.person.pastes = [world.old]
    turn(world)
    assert any("it is version 1 of examplex/desk/bot" in line for line in world.person.told)


def test_a_key_that_may_too_much_is_changed_at_its_page_and_not_pasted_again():
    world = World("guided")
    made = world.exchange.make("by hand", ["view", "trade", "payout"], ())
    world.person.pastes = [made]
    assert turn(world).state == "buried"
    assert credentials.load(world.ports, world.inventory.live_version(world.key.id)) == made
    told = "\n".join(world.person.told)
    assert "it may withdraw too; its IP list is empty" in told
    assert "read, trade_spot reported; addresses 203.0.113.7 reported" in told
    assert [guide.title for guide in world.person.guides] == ["create", "edit", "delete"]


def test_what_the_page_cannot_change_is_deleted_and_made_again():
    world = World("guided")

    def fixed(report, spec):
        raise UsageError("the page cannot change that", code="exchange.fixed")

    world.exchange.adapter = replace(world.exchange.adapter, guide_edit=fixed)
    wrong = world.exchange.make("by hand", ["view", "trade", "payout"], IPS)
    world.person.pastes = [wrong]
    assert turn(world).state == "buried"
    assert [guide.title for guide in world.person.guides] == ["create", "delete", "create", "delete"]
    assert not world.answers(wrong)
    assert len(world.exchange.working()) == 1


def test_a_key_that_was_to_be_deleted_and_lives_keeps_the_rotation_open():
    world = World("guided")

    def fixed(report, spec):
        raise UsageError("the page cannot change that", code="exchange.fixed")

    world.exchange.adapter = replace(world.exchange.adapter, guide_edit=fixed)
    world.person.pastes = [world.exchange.make("by hand", ["view", "trade", "payout"], IPS)]
    world.person.lazy = True
    with pytest.raises(OutcomeUnknown) as caught:
        turn(world)
    assert caught.value.code == "rotation.stray"
    world.person.lazy = False
    assert go_on(world).state == "buried"
    assert len(world.exchange.working()) == 1


@pytest.mark.parametrize("lazy", [False, True])
def test_a_rotation_given_up_has_the_pasted_key_deleted_and_shown_dead(lazy):
    world = World("guided")
    made = world.exchange.make("by hand", ["view", "trade", "payout"], IPS)
    world.person.pastes, world.person.mends = [made], False
    with pytest.raises(Exception, match="may withdraw too"):
        turn(world)
    world.person.lazy = lazy
    if lazy:
        with pytest.raises(OutcomeUnknown):
            go_on(world, cancel)
        world.person.lazy = False
        assert go_on(world).state == "aborted"
    else:
        assert go_on(world, cancel).state == "aborted"
    assert not world.answers(made)
    assert world.answers(world.old)
    assert world.inventory.live_version(world.key.id).public_id == world.old.key


def test_a_paste_given_up_before_it_was_checked_is_deleted_and_shown_dead():
    """The venue was away when it came, so nothing of it is registered."""
    world = World("guided")
    made = world.exchange.make("by hand", ["view", "trade"], IPS)

    def paste(venue, guide):
        world.gateway.down = True
        return made

    world.person.new_credential = paste
    with pytest.raises(Exception, match="no answer"):
        turn(world)
    world.gateway.down = False
    world.person.lazy = True
    with pytest.raises(OutcomeUnknown, match="not shown deleted"):
        go_on(world, cancel)
    world.person.lazy = False
    assert go_on(world).state == "aborted"
    assert not world.answers(made) and world.answers(world.old)
    assert world.journal.all_calls() == ()


def reminder(world):
    found = [item for item in radar.attention(world.ports) if item.kind is Kind.WORKFLOW]
    return found[0] if found else None


def test_what_stands_open_for_long_is_said_with_its_step():
    world = world_with_steps()
    left(world, 1)
    assert reminder(world) is None
    world.clock.sleep(timedelta(hours=4).total_seconds())
    found = reminder(world)
    assert (found.level, found.subject) == (Level.MEDIUM, world.key.name)
    assert "step 2 of 4: choose read and trade" in found.text
    assert found.command.startswith("keyguard workflow resume ")
    world.clock.sleep(timedelta(hours=20).total_seconds())
    assert reminder(world).level is Level.HIGH
    world.person.ticks = None
    go_on(world)
    assert reminder(world) is None


def test_an_old_key_that_was_said_to_be_deleted_is_said_until_it_is_dead():
    world = World("guided")
    world.person.lazy = True
    with pytest.raises(OutcomeUnknown):
        turn(world)
    assert (reminder(world).level, reminder(world).origin) == (Level.HIGH, Origin.DECLARED)
    assert "is not proven dead" in reminder(world).text
    world.clock.sleep(60)
    reminders.ask_again(world.ports)
    assert reminder(world).origin is Origin.REPORTED
    assert "still answers at the venue" in reminder(world).text
    world.exchange.remove(world.old.key)
    reminders.ask_again(world.ports)
    assert go_on(world).state == "buried"
    assert reminder(world) is None


def test_a_key_given_up_and_not_deleted_is_said_too():
    world = World("guided")
    world.person.pastes = [world.exchange.make("by hand", ["view", "trade", "payout"], IPS)]
    world.person.mends = False
    with pytest.raises(Exception, match="may withdraw too"):
        turn(world)
    world.person.lazy = True
    with pytest.raises(OutcomeUnknown):
        go_on(world, cancel)
    world.clock.sleep(60)
    world.gateway.down = True
    reminders.ask_again(world.ports)
    assert "is not proven dead" in reminder(world).text
    world.gateway.down = False
    reminders.ask_again(world.ports)
    assert "still answers" in reminder(world).text


def test_a_key_that_never_answered_is_given_up_by_the_persons_word():
    world = World("guided")

    def paste(venue, guide):
        world.gateway.down = True
        return Credential("FAKEneverwas00000000", Secret("FAKEneverwassecret"))

    world.person.new_credential = paste
    with pytest.raises(Exception, match="no answer"):
        turn(world)
    world.gateway.down = False
    world.exchange.refuse = {"GET /whoami": "1007"}
    world.person.confirm = lambda venue, guide: None
    assert go_on(world, cancel).state == "aborted"
    assert any("your word alone" in line for line in world.person.told)
