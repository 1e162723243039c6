"""A minimisation killed before and after everything that changes something: the key is narrow in the end,
never wider than it was, and the log holds what was before and after."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyguard.core.errors import OutcomeUnknown
from keyguard.workflows import credentials
from keyguard.workflows.minimise import Options, minimise
from keyguard.workflows.recovery import cancel, resume
from tests.crash.killing import Fate, Killed, mortal
from tests.fakes.world import ACTOR, World

OTHER = "198.51.100.9"
WORLDS = {
    "by API": {},
    "two effects": {"variant": "two_step"},
    "slow": {"delay_s": 5.0},
    "slow two effects": {"variant": "two_step", "delay_s": 5.0},
    "guided": {"variant": "guided"},
    "guided, slow": {"variant": "guided", "delay_s": 5.0},
    "guided, no list": {"variant": "blind"},
}
SIDES = ("before", "after")


def excessive(name):
    world = World(**WORLDS[name])
    held = world.exchange.keys[world.old.key]
    world.exchange.keys[world.old.key] = replace(
        held, grants=("payout", "trade", "view"), ips=("203.0.113.7", OTHER)
    )
    return world


def start(world, fate=None):
    return minimise(
        mortal(world.ports, fate or Fate()),
        "bot",
        Options(ips=("203.0.113.7",)),
        actor=ACTOR,
        process_alive=world.process_alive,
        consent=lambda proposal: True,
    )


def go_on(world, fate=None):
    ports = mortal(world.ports, fate or Fate())
    unfinished = world.journal.workflows(unfinished=True)
    if unfinished:
        resume(ports, unfinished[0].id, actor=ACTOR, process_alive=world.process_alive)
    elif not world.journal.workflows():
        start(world, fate)


def check_narrow(world, sent_again=0):
    (workflow,) = world.journal.workflows()
    assert (workflow.kind, workflow.state, workflow.finished) == ("minimise", "observed", True)
    held = world.exchange.keys[world.old.key]
    assert (held.grants, held.ips) == (("trade", "view"), ("203.0.113.7",))
    assert held.secret == world.old.secret.reveal(), "the same key: its users notice nothing"
    version = world.inventory.live_version(world.key.id)
    assert world.answers(credentials.load(world.ports, version))
    assert world.journal.all_calls() == ()
    update, *again = world.audit.bodies("key.update")
    assert len(again) <= sent_again
    assert update["changes"]["scopes_granted"]["old"] == ["read", "trade_spot", "withdraw"]
    assert update["changes"]["ip_allow"] == {"old": ["203.0.113.7", OTHER], "new": ["203.0.113.7"]}
    seen = [body for body in world.audit.bodies("key.observe") if body["key"] == version.fingerprint]
    assert any("withdraw" in body["scopes_granted"] for body in seen), "before"
    assert seen[-1]["scopes_granted"] == ["read", "trade_spot"], "after"
    assert world.inventory.last_observation(version.id).report.ips == ("203.0.113.7",)


@pytest.mark.parametrize("name", WORLDS)
def test_killed_at_every_point(name, record_property):
    fate = Fate()
    clean = excessive(name)
    start(clean, fate)
    check_narrow(clean)
    assert fate.count > 8
    for at in range(1, fate.count + 1):
        for side in SIDES:
            world = excessive(name)
            with pytest.raises(Killed):
                start(world, Fate(at, side))
            go_on(world)
            check_narrow(world, sent_again="two effects" in name)
    record_property("cases", 2 * fate.count)


@pytest.mark.parametrize("name", ["two effects", "slow", "guided"])
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_killed_again_while_recovering_and_timed_out(name, data):
    world = excessive(name)
    sides = st.sampled_from(SIDES)
    world.gateway.timeouts = data.draw(st.dictionaries(st.integers(1, 4), sides, max_size=3))
    for _ in range(3):
        try:
            go_on(world, Fate(data.draw(st.integers(1, 16)), data.draw(sides)))
        except (Killed, OutcomeUnknown):
            continue
    for _ in range(5):
        try:
            go_on(world)
        except OutcomeUnknown:
            continue
        break
    check_narrow(world, sent_again=name == "two effects")


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", ["by API", "two effects", "slow"])
def test_every_effect_times_out(name, side):
    number = 0
    while True:
        number += 1
        world = excessive(name)
        world.gateway.timeouts = {number: side}
        try:
            start(world)
            break
        except OutcomeUnknown as error:
            (workflow,) = world.journal.workflows(unfinished=True)
            assert error.hint == f"keyguard workflow resume {workflow.id}"
        sent = len([one for one in world.gateway.sent if one[0] == "PUT"])
        go_on(world)
        check_narrow(world, sent_again=name == "two effects")
        if side == "after" and name != "two effects":
            assert len([one for one in world.gateway.sent if one[0] == "PUT"]) == sent, "never blindly again"
    assert number > 1


@pytest.mark.parametrize("name", ["by API", "guided"])
def test_given_up_after_dying_at_every_point(name):
    fate = Fate()
    start(excessive(name), fate)
    given_up = 0
    for at in range(1, fate.count + 1):
        for side in SIDES:
            world = excessive(name)
            with pytest.raises(Killed):
                start(world, Fate(at, side))
            unfinished = world.journal.workflows(unfinished=True)
            if not unfinished:
                continue
            done = cancel(world.ports, unfinished[0].id, actor=ACTOR, process_alive=world.process_alive)
            assert (done.state, done.finished) == ("aborted", True)
            assert world.answers(world.old), "it works on, narrowed or not"
            version = world.inventory.live_version(world.key.id)
            seen = world.inventory.last_observation(version.id).report
            assert seen.ips == world.exchange.keys[world.old.key].ips, "and we know which"
            assert world.journal.all_calls() == ()
            given_up += 1
    assert given_up > 5
