"""Panic ends what the API ends, says what it does not, and keeps no venue waiting for another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import OutcomeUnknown, StoreError, UsageError
from keyguard.core.keys import KeyKind, Scope, VersionStatus
from keyguard.ports.journal import Workflow
from keyguard.workflows import panic
from keyguard.workflows.enrol import Declared, enrol
from tests.fakes.exchange import FakeExchange
from tests.fakes.gateway import FakeGateway
from tests.fakes.world import ACTOR, IPS, World


def run(world, chosen=None, **options):
    chosen = panic.targets(world.ports) if chosen is None else chosen
    settings = {"scope": "all", "reason": "suspicion", "actor": ACTOR, "process_alive": world.process_alive}
    return panic.panic(world.ports, chosen, **settings | options)


def labels(targets):
    return [one.key.label for one in targets]


def add(world, label, exchange=None, desk="desk", **key):
    exchange = exchange or world.exchange
    made = exchange.make(label, key.pop("grants", ["view", "trade"]), IPS, **key)
    return enrol(world.ports, Declared(exchange.name, desk, label, "kim"), made).key


def test_a_desk_s_keys_die_and_its_manager_lives():
    world = World()
    add(world, "second")
    outcome = run(world, panic.targets(world.ports, desk="desk"), scope="desk desk")
    assert sorted(labels(outcome.dead)) == ["bot", "second"]
    assert (outcome.alive, outcome.unproven) == ((), ())
    assert not world.answers(world.old)
    assert world.audit.bodies("panic.begin") == [{"scope": "desk desk", "keys": 2, "reason": "suspicion"}]
    assert [one.state for one in world.journal.workflows()] == ["buried", "buried"]
    assert len(world.audit.bodies("key.revoke_confirmed")) == 2


def test_everything_is_announced_before_the_first_venue_is_asked():
    world = World()
    add(world, "second")
    asked, send = [], world.gateway.send

    def look(venue, request, who):
        if not asked:
            status = {v.status for key in ("bot", "second") for v in versions(world, key)}
            asked.append((status, len(world.audit.bodies("key.revoke"))))
        return send(venue, request, who)

    world.gateway.send = look
    run(world, panic.targets(world.ports, desk="desk"))
    assert asked == [({VersionStatus.RETIRED}, 2)]


def versions(world, name):
    return world.inventory.versions(world.inventory.find_key(name).id)


def test_all_are_revoked_before_any_is_proven_and_the_manager_goes_last():
    world = World()
    add(world, "second")
    outcome = run(world)
    sent = [(method, path) for method, path, _ in world.gateway.sent]
    deleted = [n for n, (method, _) in enumerate(sent) if method == "DELETE"]
    assert deleted[1] == deleted[0] + 1, "nothing between the first two"
    assert sorted(labels(outcome.dead)) == ["bot", "second"]
    assert labels(outcome.unproven) == ["manager"], "nothing is left that could witness its death"
    assert isinstance(outcome.unproven[0].error, OutcomeUnknown)
    assert not world.answers(world.old)


def test_worst_first_and_what_is_dead_is_left_out():
    world = World()
    add(world, "payer", grants=["view", "payout"])
    assert labels(panic.targets(world.ports)) == ["payer", "manager", "bot"]
    run(world, panic.targets(world.ports, desk="desk"))
    assert labels(panic.targets(world.ports)) == ["manager"]
    with pytest.raises(UsageError) as caught:
        panic.targets(world.ports, desk="desk")
    assert caught.value.code == "panic.none"


def test_by_venue():
    world = World()
    other = FakeExchange(world.clock, "guided", name="bybit")
    world.gateway = FakeGateway(world.exchange, other)
    add(world, "far", other)
    assert labels(panic.targets(world.ports, venue="bybit")) == ["far"]


def test_what_only_a_person_can_end_comes_with_its_page_and_can_be_resumed():
    world = World("guided")
    outcome = run(world)
    (left,) = outcome.alive
    assert left.guide.page == world.exchange.adapter.facts.key_page
    assert left.guide.steps
    assert world.journal.workflow(left.workflow.id).state == "revoking"
    assert versions(world, "bot")[0].status is VersionStatus.RETIRED


def test_a_venue_that_is_down_keeps_no_other_alive():
    world = World()
    other = FakeExchange(world.clock, name="bybit")
    world.gateway = FakeGateway(world.exchange, other)
    add(world, "manager", other, desk="ops", grants=["view", "keys"], account="A0")
    add(world, "far", other)

    def down(request, who):
        raise UsageError("the venue is down", code="x")

    other.handle = down
    outcome = run(world, panic.targets(world.ports, desk="desk"))
    assert labels(outcome.dead) == ["bot"]
    assert labels(outcome.alive) == ["far"]


def test_a_venue_that_refuses_the_short_way_is_asked_by_its_list():
    world = World()
    deletions, handle = [], world.exchange.handle

    def refuse_first(request, who):
        if request.method == "DELETE":
            deletions.append(request)
            if len(deletions) == 1:
                world.exchange.refuse = {"DELETE ": "1003"}
                try:
                    return handle(request, who)
                finally:
                    world.exchange.refuse = {}
        return handle(request, who)

    world.exchange.handle = refuse_first
    outcome = run(world, panic.targets(world.ports, desk="desk"))
    assert labels(outcome.dead) == ["bot"]
    assert len(deletions) == 2


def test_a_rotation_under_way_is_left_to_a_person():
    world = World()
    now = world.clock.now()
    world.journal.open(Workflow("w1", "rotate", world.key.id, "creating", now, now))
    outcome = run(world, panic.targets(world.ports, desk="desk"))
    (left,) = outcome.alive
    assert (left.error.code, left.error.hint) == ("workflow.open", "keyguard workflow resume w1")


def test_a_revocation_that_timed_out_is_asked_about_by_the_next_panic():
    world = World()
    world.gateway.timeouts = {1: "after"}
    outcome = run(world, panic.targets(world.ports, desk="desk"))
    assert labels(outcome.alive) == ["bot"]
    assert isinstance(outcome.alive[0].error, OutcomeUnknown)
    again = run(world, panic.targets(world.ports, desk="desk"))
    assert labels(again.dead) == ["bot"]


def test_a_sign_in_is_signed_out_by_its_own_command():
    world = World()
    world.inventory.update_key(replace(world.key, kind=KeyKind.OAUTH))
    (left,) = run(world, panic.targets(world.ports, desk="desk")).alive
    assert "keyguard key sign-out" in left.error.hint


def test_nothing_is_done_without_a_record():
    world = World()
    world.audit.broken = True
    with pytest.raises(StoreError):
        run(world)
    assert world.gateway.effects == 0


def test_a_reason_is_one_of_those_of_the_record():
    with pytest.raises(UsageError):
        run(World(), reason="because")


def test_a_manager_that_its_venue_does_not_tell_of_is_named():
    world = World(with_manager=False)
    add(world, "quiet", desk="ops", grants=["view", "keys"], account="A0")
    manager = world.inventory.find_key("quiet")
    version = world.inventory.live_version(manager.id)
    seen = world.inventory.last_observation(version.id)
    world.inventory.observe(replace(seen, report=replace(seen.report, scopes=Scope.READ)))
    assert labels(run(world, panic.targets(world.ports, desk="desk"), named=[manager]).dead) == ["bot"]


def test_a_manager_of_another_account_leads_to_the_list():
    world = World()
    seen = world.inventory.last_observation(versions(world, "bot")[0].id)
    world.inventory.observe(
        replace(seen, report=replace(seen.report, ref=""))
    )  # no handle: cannot be ended by it
    assert labels(run(world, panic.targets(world.ports, desk="desk")).dead) == ["bot"]
    assert [path for method, path, _ in world.gateway.sent if method == "DELETE"] != []
