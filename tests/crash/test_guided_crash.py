"""Killed while a person mends, deletes or gives up what was pasted: nothing lives on unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import KeyguardError, UsageError
from keyguard.workflows.recovery import cancel, resume
from tests.crash.killing import Fate, Killed, mortal
from tests.crash.test_rotation_crash import SIDES, check_no_secret_in, go_on, start
from tests.fakes.world import ACTOR, IPS, World


def too_wide(*, mends):
    """A person who has made a key that may too much; its page can change it, or cannot."""
    world = World("guided")
    world.made = world.exchange.make("by hand", ["view", "trade", "payout"], IPS)
    world.person.pastes, world.person.mends = [world.made], mends
    if not mends:

        def fixed(report, spec):
            raise UsageError("the page cannot change that", code="exchange.fixed")

        world.exchange.adapter = replace(world.exchange.adapter, guide_edit=fixed)
    return world


def check_one_key(world):
    live = world.inventory.live_version(world.key.id)
    assert [key.public_id for key in world.exchange.working()] == [live.public_id]
    assert set(world.exchange.keys[live.public_id].grants) == {"view", "trade"}
    assert world.journal.all_calls() == ()
    for workflow in world.journal.workflows():
        assert workflow.finished
        check_no_secret_in(workflow.data, world)


@pytest.mark.parametrize("mends", [True, False])
def test_killed_while_a_key_too_wide_is_put_right(mends):
    fate = Fate()
    start(too_wide(mends=mends), fate)
    assert fate.names.count("person.confirm") == 2
    for at in range(1, fate.count + 1):
        for side in SIDES:
            world = too_wide(mends=mends)
            with pytest.raises(Killed):
                start(world, Fate(at, side))
            if not world.person.pastes and not _pasted(world) and world.answers(world.made):
                world.person.pastes = [world.made]  # it never arrived, and the page still shows it
            go_on(world)
            check_one_key(world)


def give_up(world, fate=None):
    (workflow,) = world.journal.workflows()
    how = resume if workflow.state == "aborting" else cancel
    ports = mortal(world.ports, fate or Fate())
    return how(ports, workflow.id, actor=ACTOR, process_alive=world.process_alive)


def left_unproven():
    world = too_wide(mends=True)
    world.person.mends = False
    with pytest.raises(KeyguardError, match="may withdraw too"):
        start(world)
    return world


def left_unchecked():
    world = World("guided")
    world.made = world.exchange.make("by hand", ["view", "trade"], IPS)

    def paste(venue, guide):
        world.gateway.down = True
        return world.made

    world.person.new_credential = paste
    with pytest.raises(KeyguardError, match="no answer"):
        start(world)
    world.gateway.down = False
    return world


@pytest.mark.parametrize("left", [left_unproven, left_unchecked])
def test_killed_while_a_pasted_key_is_given_up(left):
    world, fate = left(), Fate()
    give_up(world, fate)
    for at in range(1, fate.count + 1):
        for side in SIDES:
            world = left()
            with pytest.raises(Killed):
                give_up(world, Fate(at, side))
            if not world.journal.workflows()[0].finished:
                give_up(world)
            assert world.journal.workflows()[0].state == "aborted"
            assert not world.answers(world.made) and world.answers(world.old)
            check_one_key(world)


def _pasted(world):
    return any(call.reply is not None for call in world.journal.all_calls())
