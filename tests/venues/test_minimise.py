"""Every simulated venue's keys are narrowed by the real workflow: by API where it edits keys, else by a
person at its page, else by a rotation to a narrower key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from keyguard.core.errors import KeyguardError
from keyguard.core.exchange import Guide
from keyguard.core.keys import Scope
from keyguard.workflows import narrowing
from keyguard.workflows.minimise import Options, minimise
from keyguard.workflows.proposal import Fix
from keyguard.workflows.recovery import resume
from keyguard_simulators import NAMES
from keyguard_simulators.faults import FaultKind, FaultRule
from tests.fakes.world import ACTOR
from tests.venues.world import IP, Person, VenueWorld

OTHER = "198.51.100.9"
PINNED = [name for name in NAMES if name != "hyperliquid"]  # which has no IP lists
BY_API = ["binance", "bitget", "bybit", "deribit", "gate", "htx", "kucoin", "mexc", "okx", "whitebit"]
KINDS = (FaultKind.TIMEOUT_BEFORE, FaultKind.TIMEOUT_AFTER)
NARROWED_TO_READ = ["bitget", "bybit", "deribit", "gate", "htx", "okx"]
"""Where the simulated manager lists what the key may, and reading alone can be granted by an edit."""


@dataclass
class Editor(Person):
    """Sets the addresses that a guide names, at the venue's page."""

    def __init__(self, world: VenueWorld) -> None:
        super().__init__(world)
        self.world = world

    def confirm(self, venue: str, guide: Guide) -> None:
        if not guide.title.startswith("Edit"):
            return super().confirm(venue, guide)
        self.guides.append(guide)
        assert any(IP in step for step in guide.steps)
        assert not any(OTHER in step for step in guide.steps)
        self.world.venue.state.book.keys[self.world.old.public_id].ips = (IP,)
        return None


def open_to_two(name: str, runner: asyncio.Runner) -> VenueWorld:
    world = VenueWorld(name, runner)
    world.person = Editor(world)
    world.old.ips = (IP, OTHER)
    if name == "mexc":  # whose edits take a permission that its other management does not
        for key in world.venue.state.book.listed(world.firm.id):
            key.grants |= {"SPOT_ACCOUNT_WRITE"}
    return world


def narrow(world: VenueWorld, options: Options) -> Fix:
    """Minimise, resuming as the errors say; returns how it was done."""
    fixes: list[Fix] = []

    def agree(proposal: object) -> bool:
        fixes.append(proposal.fix)  # type: ignore[attr-defined]
        return True

    last: KeyguardError | None = None
    for _ in range(6):
        try:
            unfinished = world.journal.workflows(unfinished=True)
            if unfinished:
                resume(world.ports, unfinished[0].id, actor=ACTOR, process_alive=lambda *_: False)
            else:
                minimise(
                    world.ports,
                    world.key.name,
                    options,
                    actor=ACTOR,
                    process_alive=lambda *_: False,
                    consent=agree,
                )
            return fixes[-1]
        except KeyguardError as error:
            assert error.exit_status in (2, 4, 5), error
            last = error
            world.clock.sleep(60)
    raise AssertionError(f"it never came to an end: {last}")


def addresses(world: VenueWorld) -> set[str]:
    """Of every key of the desk that works."""
    managing = {v.public_id for v in world.inventory._versions.values() if v.key_id != world.key.id}
    ours = [k for k in world.living() if k.public_id not in managing | world.others]
    assert len(ours) == 1
    return set(ours[0].ips)


@pytest.mark.parametrize("name", PINNED)
def test_addresses_are_narrowed(
    name: str, runner: asyncio.Runner, record_property: Callable[[str, object], None]
) -> None:
    world = open_to_two(name, runner)
    fix = narrow(world, Options(ips=(IP,), manager=world.manager if name in BY_API else ""))
    assert (fix is Fix.EDIT) == (name in BY_API)
    (workflow,) = world.journal.workflows()
    assert workflow.state == ("buried" if fix is Fix.REISSUE else "observed")
    if fix is not Fix.REISSUE:
        assert addresses(world) == {IP}
        assert world.venue.state.book.keys[world.old.public_id].grants == world.old.grants
        assert workflow.data[narrowing.BEFORE] >= 0
    assert world.journal.all_calls() == ()
    record_property("minimisations", 1)


@pytest.mark.parametrize("name", NARROWED_TO_READ)
def test_scopes_are_narrowed_by_api(name: str, runner: asyncio.Runner) -> None:
    world = VenueWorld(name, runner)
    options = Options(needs=Scope.READ, force=True, manager=world.manager)
    assert narrow(world, options) is Fix.EDIT
    report = world.inventory.last_observation(world.inventory.live_version(world.key.id).id).report
    assert report.scopes is Scope.READ
    assert world.asked(world.credential(world.old)).scopes in (Scope.READ, Scope.NONE)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
@pytest.mark.parametrize("name", BY_API)
def test_narrowed_under_a_fault(name: str, kind: FaultKind, runner: asyncio.Runner) -> None:
    """The fault strikes each call of it, once."""
    clean = open_to_two(name, runner)
    before = len(clean.venue.state.seen)
    options = Options(ips=(IP,), manager=clean.manager)
    narrow(clean, options)
    calls = len(clean.venue.state.seen) - before
    for skip in range(calls):
        world = open_to_two(name, runner)
        world.venue.state.faults.add(FaultRule(kind, skip=skip))
        assert narrow(world, options) is Fix.EDIT
        assert addresses(world) == {IP}
