"""The life of findings: what is read off what is stored, what was seen once, and what a person decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.findings import Item, Kind, State
from keyguard.core.keys import Origin, VersionStatus
from keyguard.core.policy import Level
from keyguard.ports.inventory import Observation
from keyguard.workflows import findings
from keyguard.workflows.enrol import Declared, enrol
from tests.fakes.world import ACTOR, World

DAY = timedelta(days=1)


@pytest.fixture
def world():
    return World(with_manager=False)


def told(world, **changes):
    version = world.inventory.live_version(world.key.id)
    last = world.inventory.last_observation(version.id).report
    world.inventory.observe(Observation(version.id, world.clock.now(), replace(last, **changes)))


def drift(world, level=Level.MEDIUM, detail="label"):
    version = world.inventory.live_version(world.key.id)
    return Item(
        Kind.DRIFT,
        level,
        world.key.name,
        "the label was a, is b",
        world.clock.now(),
        f"keyguard key inspect {world.key.name}",
        Origin.REPORTED,
        detail,
        version.id,
    )


def rotated(world):
    old = world.inventory.live_version(world.key.id)
    new = replace(old, id="ab" * 8, number=2, public_id="FAKEnew", status=VersionStatus.STAGED)
    world.inventory.add_version(new)
    world.inventory.switch(world.key.id, new.id)
    world.inventory.observe(replace(world.inventory.last_observation(old.id), version_id=new.id))


def states(world):
    return [finding.state for finding in world.findings.all()]


def test_nothing_to_look_at(world):
    assert findings.attention(world.ports) == ()


def test_what_does_not_hold_any_more_is_over_and_opens_anew(world):
    told(world, ips=())
    (finding,) = findings.attention(world.ports)
    assert (finding.item.kind, finding.state, finding.since) == (
        Kind.ADDRESSES,
        State.OPEN,
        world.clock.now(),
    )
    world.clock.sleep(3600)
    assert findings.attention(world.ports) == (finding,)
    told(world, ips=("203.0.113.7",))
    assert findings.attention(world.ports) == ()
    assert states(world) == [State.CLOSED]
    told(world, ips=())
    (again,) = findings.attention(world.ports)
    assert (again.id, again.since) == (finding.id, world.clock.now())


def test_the_worst_first(world):
    told(world, ips=(), enabled=False)
    assert [one.item.kind for one in findings.attention(world.ports)] == [Kind.DISABLED, Kind.ADDRESSES]


def test_what_was_seen_once_stays_until_a_person_ends_it(world):
    findings.keep(world.ports, [drift(world)])
    findings.keep(world.ports, [])
    (finding,) = findings.attention(world.ports)
    closed = findings.close(world.ports, finding.id, actor=ACTOR, reason=" renamed by us ")
    assert (closed.state, closed.reason, closed.by) == (State.CLOSED, "renamed by us", "hana")
    assert findings.attention(world.ports) == ()
    with pytest.raises(UsageError) as caught:
        findings.close(world.ports, finding.id, actor=ACTOR, reason="again")
    assert caught.value.code == "finding.over"
    findings.keep(world.ports, [drift(world)])
    assert len(findings.attention(world.ports)) == 1


def test_what_holds_cannot_be_closed(world):
    told(world, ips=())
    (finding,) = findings.attention(world.ports)
    with pytest.raises(UsageError) as caught:
        findings.close(world.ports, finding.id, actor=ACTOR, reason="do not care")
    assert caught.value.code == "finding.holds"
    assert states(world) == [State.OPEN]


@pytest.mark.parametrize("kind", ["radar", "drift"])
def test_accepted_until_a_day(world, kind):
    if kind == "radar":
        told(world, ips=())
    else:
        findings.keep(world.ports, [drift(world)])
    (finding,) = findings.attention(world.ports)
    until = world.clock.now() + 3 * DAY
    findings.accept(world.ports, finding.id[:6], actor=ACTOR, reason="moves on Monday", until=until)
    assert findings.attention(world.ports) == ()
    assert states(world) == [State.ACCEPTED]
    world.clock.sleep(3 * 86400)
    (again,) = findings.attention(world.ports)
    assert (again.id, again.state, again.reason) == (finding.id, State.OPEN, "")


def test_an_accepted_finding_that_gets_worse_opens(world):
    findings.keep(world.ports, [drift(world)])
    (finding,) = findings.attention(world.ports)
    until = world.clock.now() + DAY
    findings.accept(world.ports, finding.id, actor=ACTOR, reason="known", until=until)
    findings.keep(world.ports, [drift(world, Level.LOW)])
    assert states(world) == [State.ACCEPTED]
    findings.keep(world.ports, [drift(world, Level.HIGH)])
    assert states(world) == [State.OPEN]


def test_no_reason_and_no_past_day(world):
    findings.keep(world.ports, [drift(world)])
    (finding,) = findings.attention(world.ports)
    now = world.clock.now()
    for reason, until, code in ((" ", now + DAY, "finding.reason"), ("x", now, "finding.until")):
        with pytest.raises(UsageError) as caught:
            findings.accept(world.ports, finding.id, actor=ACTOR, reason=reason, until=until)
        assert caught.value.code == code
    assert states(world) == [State.OPEN]


def test_a_rotation_ends_what_was_about_the_old_version(world):
    told(world, ips=())
    findings.keep(world.ports, [drift(world)])
    assert len(findings.attention(world.ports)) == 2
    rotated(world)
    told(world, ips=("203.0.113.7",))
    assert findings.attention(world.ports) == ()
    assert states(world) == [State.ROTATED, State.ROTATED]


def test_a_key_that_was_registered_is_adopted(world):
    other = world.exchange.make("other", ["view"], ("203.0.113.7",))
    item = Item(
        Kind.UNKNOWN_KEY,
        Level.HIGH,
        "examplex/other",
        "nobody registered it",
        world.clock.now(),
        "keyguard key add examplex",
        Origin.REPORTED,
        other.key,
    )
    findings.keep(world.ports, [item])
    assert len(findings.attention(world.ports)) == 1
    enrol(world.ports, Declared("examplex", "desk", "other", "kim"), other)
    assert findings.attention(world.ports) == ()
    assert states(world) == [State.ADOPTED]
