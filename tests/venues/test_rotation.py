"""Every venue's keys are rotated by the real workflows, and under every fault of its simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from keyguard.core.errors import KeyguardError
from keyguard.core.exchange import Fault
from keyguard.core.keys import VersionStatus
from keyguard.ports.journal import Workflow
from keyguard.workflows import credentials, inferred_death
from keyguard.workflows.recovery import resume
from keyguard.workflows.rotate import Options, rotate
from keyguard_simulators import NAMES
from keyguard_simulators.faults import FaultKind, FaultRule
from tests.fakes.world import ACTOR
from tests.venues.world import VenueWorld

KINDS = tuple(kind for kind in FaultKind if kind is not FaultKind.SECOND_FACTOR)


def alive(pid: int, started: str) -> bool:
    return False


def begin(world: VenueWorld) -> Workflow:
    options = Options(overlap_s=0, manager=world.manager, ips=world.ips if world.untold else None)
    return rotate(world.ports, world.key.name, options, actor=ACTOR, process_alive=alive)


def go_on(world: VenueWorld) -> Workflow:
    unfinished = world.journal.workflows(unfinished=True)
    if unfinished:
        return resume(world.ports, unfinished[0].id, actor=ACTOR, process_alive=alive)
    return begin(world)


def patiently(world: VenueWorld, most: int = 6) -> int:
    """Rotate, resuming as the errors say; returns how often it was necessary."""
    last: KeyguardError | None = None
    for tries in range(most):
        try:
            if (go_on(world) if tries else begin(world)).finished:
                return tries
        except KeyguardError as error:
            assert error.exit_status in (2, 4, 5), error
            last = error
            world.clock.sleep(60)
    raise AssertionError(f"it never came to an end: {last}")


def says_too_little(world: VenueWorld) -> bool:
    """Whether this venue shows a key's death neither by a code of its own nor by a list of keys."""
    return world.adapter.list_keys is None and world.adapter.facts.dead == {Fault.AMBIGUOUS}


def check_buried(world: VenueWorld) -> None:
    (workflow,) = world.journal.workflows()
    assert (workflow.state, workflow.finished) == ("buried", True)
    check_keys(world)
    statuses = {v.public_id: v.status for v in world.inventory.versions(world.key.id)}
    assert statuses[world.old.public_id] is VersionStatus.DEAD
    assert world.journal.all_calls() == (), "no sealed reply is left"
    (proof,) = world.audit.bodies("key.revoke_confirmed")
    inferred = proof["method"] == inferred_death.METHOD
    assert inferred == says_too_little(world), "what is inferred is said to be"


def check_keys(world: VenueWorld) -> None:
    live = world.inventory.live_version(world.key.id)
    new = credentials.load(world.ports, live)
    assert live.public_id != world.old.public_id
    assert world.asked(new).public_id == live.public_id, "the new key works"
    managing = {version.public_id for version in world.inventory._versions.values()} - {live.public_id}
    ours = [key.public_id for key in world.living() if key.public_id not in managing | world.others]
    assert ours == [live.public_id], "exactly one key works, and we know it"
    made = world.venue.state.book.keys[live.public_id]
    assert made.grants == world.old.grants
    assert set(made.ips) == set(world.old.ips)

    assert world.old.public_id not in {key.public_id for key in world.living()}


@pytest.mark.parametrize("name", NAMES)
def test_a_key_is_rotated(
    name: str, runner: asyncio.Runner, record_property: Callable[[str, object], None]
) -> None:
    world = VenueWorld(name, runner)
    assert patiently(world) == 0
    record_property("rotations", 1)
    check_buried(world)
    assert bool(world.person.guides) == (not world.manager), "a person works where no key does"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
@pytest.mark.parametrize("name", NAMES)
def test_a_key_is_rotated_under_a_fault(
    name: str, kind: FaultKind, runner: asyncio.Runner, record_property: Callable[[str, object], None]
) -> None:
    """The fault strikes each kind of call a rotation makes, once."""
    clean = VenueWorld(name, runner)
    clean.venue.state.seen.clear()
    patiently(clean)
    struck: dict[str, int] = {}
    for number, seen in enumerate(clean.venue.state.seen):
        struck.setdefault(seen.operation, number)
    for calls_before in struck.values():
        world = VenueWorld(name, runner)
        world.venue.state.faults.add(FaultRule(kind, skip=calls_before, offset_ms=600_000))
        patiently(world)
        assert not world.venue.state.faults.rules, "it struck"
        check_buried(world)
    record_property("rotations", len(struck) + 1)
