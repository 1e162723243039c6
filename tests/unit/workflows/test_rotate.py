from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import (
    ExchangeError,
    IntegrityError,
    KeyguardError,
    NotOffered,
    NotStored,
    OutcomeUnknown,
    Refused,
    Unreachable,
    UsageError,
)
from keyguard.core.exchange import Fault, KeyReport, ScopeNames
from keyguard.core.keys import Environment, Key, Origin, Scope, VersionStatus
from keyguard.ports.inventory import Lease, Observation
from keyguard.workflows import credentials, incidents
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.recovery import cancel, resume
from keyguard.workflows.revoke import revoke
from keyguard.workflows.rotate import Options, label_for, rotate, wanted_grants, wanted_ips, wanted_scopes
from tests.fakes.world import ACTOR, IPS, World


def turn(world, **options):
    settings = Options(**{"overlap_s": 0, **options})
    return rotate(world.ports, "bot", settings, actor=ACTOR, process_alive=world.process_alive)


def new_key(world):
    return world.exchange.keys[world.inventory.live_version(world.key.id).public_id]


def untouched(world):
    assert world.inventory.live_version(world.key.id).public_id == world.old.key
    assert world.answers(world.old)


def test_the_story_is_told_and_recorded_in_order():
    world = World()
    workflow = turn(world, reason="leak")
    assert workflow.state == "buried" and workflow.finished
    types = [t for t in world.audit.types() if t != "key.observe"][2:]
    assert types == [
        "key.register",
        "key.rotate",
        "key.revoke",
        "key.revoke_confirmed",
        "venue.keys_listed",
    ]
    (proof,) = world.audit.bodies("key.revoke_confirmed")
    assert (proof["meaning"], proof["venue_code"], proof["http_status"]) == ("key_unknown", "1001", 401)
    assert proof["method"] == "refused, absent from the key list, control call answered"
    assert world.audit.bodies("key.revoke")[0]["reason"] == "leak"
    assert world.audit.bodies("key.revoke")[0]["at_venue"] == "api"
    assert world.audit.bodies("venue.keys_listed")[0]["unknown"] == []
    assert world.person.told[-1] == "buried"
    made = [call for call in world.gateway.sent if call[0] in ("POST", "DELETE")]
    assert [m[0] for m in made] == ["POST", "DELETE"]


def test_scopes_are_narrowed_to_the_needs():
    world = World()
    held = world.exchange.keys[world.old.key]
    world.exchange.keys[world.old.key] = replace(held, grants=("payout", "trade", "view"))
    turn(world)
    assert new_key(world).grants == ("trade", "view")


def test_addresses_may_be_narrowed_never_widened():
    world = World()
    held = world.exchange.keys[world.old.key]
    world.exchange.keys[world.old.key] = replace(held, ips=(*IPS, "203.0.113.8"))
    with pytest.raises(UsageError, match="not open to all"):
        turn(world, ips=("203.0.113.9",))
    with pytest.raises(UsageError, match="not open to all"):
        turn(world, ips=())
    untouched(world)
    turn(world, ips=IPS)
    assert new_key(world).ips == IPS


def test_a_need_it_does_not_hold_would_be_widening():
    world = World()
    world.inventory.update_key(replace(world.key, needs=Scope.READ | Scope.WITHDRAW))
    with pytest.raises(UsageError, match="needs withdraw but does not hold it"):
        turn(world)
    untouched(world)
    assert world.journal.workflows() == ()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"reason": "boredom"}, "reason"),
        ({"overlap_s": -1}, "overlap"),
        ({"manager": "nobody"}, "key.unknown"),
        ({"manager": "bot"}, "manager.blind"),
    ],
)
def test_wrong_options_change_nothing(options, code):
    world = World()
    with pytest.raises(UsageError) as caught:
        turn(world, **options)
    assert caught.value.code == code
    untouched(world)
    assert world.journal.workflows() == ()


def test_a_named_manager():
    world = World()
    assert turn(world, manager="manager").data["plan"]["manager"] == world.inventory.find_key("manager").id


def test_a_named_manager_of_another_account_or_venue():
    world = World()
    other = world.exchange.make("o", ["view", "keys"])
    enrol(world.ports, Declared("examplex", "ops", "late", "kim"), other)
    list_keys = world.exchange.adapter.list_keys

    def elsewhere(account):
        return list_keys("A7")

    world.exchange.adapter = replace(world.exchange.adapter, list_keys=elsewhere)
    with pytest.raises(UsageError, match="list of keys is without this one"):
        turn(world, manager="late")
    foreign = Key("f", "elsewhere", "ops", "foreign")
    version = world.inventory.live_version(world.key.id)
    world.inventory.add_key(foreign, replace(version, id="f1", key_id="f", public_id="FAKEf"))
    with pytest.raises(UsageError, match="another venue"):
        turn(world, manager="foreign")


def test_a_second_rotation_of_the_same_key_waits():
    world = World()
    world.gateway.timeouts = {1: "before"}
    with pytest.raises(OutcomeUnknown):
        turn(world)
    with pytest.raises(UsageError, match="unfinished workflow") as caught:
        turn(world)
    assert world.journal.workflows()[0].id in caught.value.hint


def test_an_unreachable_venue_changes_nothing():
    world = World()
    world.gateway.down = True
    with pytest.raises(Unreachable):
        turn(world)
    assert world.journal.workflows() == ()


def test_a_refused_creation_leaves_nothing_and_can_be_resumed():
    world = World()
    world.exchange.refuse = {"POST /keys": "1009"}
    with pytest.raises(Refused) as caught:
        turn(world)
    assert "nothing new is left" in caught.value.still
    assert world.journal.workflows()[0].id in caught.value.hint
    untouched(world)
    assert world.journal.all_calls() == ()


def test_a_creation_refused_half_way_is_cleaned_up():
    world = World("two_step")
    world.exchange.refuse = {"PUT /keys": "1009"}
    with pytest.raises(Refused):
        turn(world)
    untouched(world)
    assert [k.public_id for k in world.exchange.working()] == [world.old.key]
    assert world.journal.all_calls() == ()


def test_an_answer_that_cannot_be_read_is_kept_sealed():
    world = World()
    world.exchange.garble = {"POST"}
    with pytest.raises(OutcomeUnknown) as caught:
        turn(world)
    assert "sealed" in caught.value.still
    (call,) = world.journal.all_calls()
    assert call.reply is not None
    untouched(world)


def test_a_creation_whose_answer_never_can_be_read_is_ended_and_begun_anew():
    world = World()
    world.exchange.garble = {"POST"}
    with pytest.raises(OutcomeUnknown):
        turn(world)
    assert len(world.exchange.working()) == 2
    world.exchange.garble = set()
    (workflow,) = world.journal.workflows()
    done = resume(world.ports, workflow.id, actor=ACTOR, process_alive=world.process_alive)
    assert (done.state, world.journal.all_calls()) == ("buried", ())
    assert [key.public_id for key in world.exchange.working()] == [new_key(world).public_id]
    assert new_key(world).public_id != world.old.key


def test_a_new_key_that_is_not_as_asked_is_not_switched_to():
    world = World()
    make = world.exchange.make

    def generous(label, grants, ips=(), account="A1"):
        return make(label, [*grants, "payout"], (), account)

    world.exchange.make = generous
    with pytest.raises(ExchangeError) as caught:
        turn(world)
    assert caught.value.code == "rotation.not_proven"
    assert "may withdraw too" in caught.value.message and "IP list is empty" in caught.value.message
    untouched(world)
    assert world.journal.workflows()[0].state == "stored"


def test_leases_hold_the_old_key_until_their_process_ends():
    world = World()
    old = world.inventory.live_version(world.key.id)
    world.inventory.add_lease(Lease("l1", old.id, 7, "70", "bot", world.clock.now()))
    world.inventory.add_lease(Lease("l2", old.id, 8, "80", "gone", world.clock.now()))
    world.alive = {(7, "70")}
    begun = world.clock.now()
    sleep = world.clock.sleep

    def until_it_ends(seconds):
        sleep(seconds)
        if (world.clock.now() - begun).total_seconds() >= 20:
            world.alive = set()

    world.clock.sleep = until_it_ends
    turn(world, overlap_s=600)
    assert (world.clock.now() - begun).total_seconds() < 60
    assert any("bot (pid 7)" in line for line in world.person.told)
    assert not any("gone" in line for line in world.person.told)
    assert world.inventory.open_leases(old.id) == ()


def test_a_process_of_another_host_is_not_looked_for_here():
    world = World()
    old = world.inventory.live_version(world.key.id)
    world.inventory.add_lease(Lease("l1", old.id, 7, "70", "bot", world.clock.now(), host="tokyo-2"))
    begun = world.clock.now()
    sleep = world.clock.sleep

    def until_its_host_ends_it(seconds):
        sleep(seconds)
        if (world.clock.now() - begun).total_seconds() >= 20:
            world.inventory.end_lease("l1", world.clock.now())

    world.clock.sleep = until_its_host_ends_it
    turn(world, overlap_s=600)
    assert 20 <= (world.clock.now() - begun).total_seconds() < 60
    assert any("bot (pid 7 on tokyo-2)" in line for line in world.person.told)


def test_another_hosts_process_is_waited_for_no_longer_than_the_overlap():
    world = World()
    old = world.inventory.live_version(world.key.id)
    world.inventory.add_lease(Lease("l1", old.id, 7, "70", "bot", world.clock.now(), host="tokyo-2"))
    begun = world.clock.now()
    turn(world, overlap_s=12)
    assert 12 <= (world.clock.now() - begun).total_seconds() < 30
    assert [lease.id for lease in world.inventory.open_leases(old.id)] == ["l1"]  # not ours to end


def test_the_overlap_ends_the_waiting_and_says_who_still_runs():
    world = World()
    old = world.inventory.live_version(world.key.id)
    world.inventory.add_lease(Lease("l1", old.id, 7, "70", "bot", world.clock.now()))
    world.alive = {(7, "70")}
    begun = world.clock.now()
    turn(world, overlap_s=12)
    assert 12 <= (world.clock.now() - begun).total_seconds() < 30
    assert any("overlap has passed" in line and "bot (pid 7)" in line for line in world.person.told)


def test_a_new_key_that_dies_while_the_old_one_drains_saves_the_old_one():
    world = World()
    old = world.inventory.live_version(world.key.id)
    world.inventory.add_lease(Lease("l1", old.id, 7, "70", "bot", world.clock.now()))
    world.alive = {(7, "70")}
    sleep = world.clock.sleep

    def killed_by_the_venue(seconds):
        sleep(seconds)
        for key in world.exchange.working():
            if key.label.startswith("kg_"):
                world.exchange.remove(key.public_id)

    world.clock.sleep = killed_by_the_venue
    with pytest.raises(Refused) as caught:
        turn(world, overlap_s=10)
    assert "the old one was not revoked" in caught.value.still
    assert world.answers(world.old)
    assert credentials.load(world.ports, old) == world.old


def test_keys_nobody_registered_are_told():
    world = World()
    world.exchange.make("stranger", ["view"])
    turn(world)
    assert any("1 more keys" in line and "stranger" in line for line in world.person.told)
    assert len(world.audit.bodies("venue.keys_listed")[0]["unknown"]) == 1


def test_a_key_the_venue_ended_is_replaced_from_what_was_known_once_a_person_has_looked():
    world = World()
    world.exchange.remove(world.old.key)
    # The manager's list is without it too, so nobody manages it: a person makes the new one.
    world.exchange.adapter = replace(world.exchange.adapter, create_key=None)
    for _ in range(2):
        with pytest.raises(UsageError) as caught:
            turn(world)
        assert caught.value.code == "incident.unseen"
    (incident,) = world.incidents.open()
    incidents.clear(world.ports, incident.id, actor=ACTOR, reason="the venue confirms it")
    turn(world)
    assert new_key(world).grants == ("trade", "view")
    assert any("what it said last" in line for line in world.person.told)


def test_a_dead_key_never_observed_cannot_be_planned():
    world = World()
    world.exchange.remove(world.old.key)
    world.inventory._observations = []
    with pytest.raises(Refused):
        turn(world)


def test_without_its_secret_a_key_is_not_rotated():
    world = World()
    world.store.delete(world.inventory.live_version(world.key.id).item)
    with pytest.raises(NotStored):
        turn(world)


def test_scopes_the_venue_does_not_tell_are_not_copied_by_api():
    world = World()
    world.inventory.update_key(replace(world.key, needs=Scope.NONE))
    report = world.exchange._report

    def vague(shown):
        return replace(report(shown), scopes_unknown=Scope.WITHDRAW)

    world.exchange._report = vague
    with pytest.raises(UsageError, match="does not tell all scopes"):
        turn(world)


def test_addresses_the_venue_does_not_tell_must_be_named():
    world = World()
    world.exchange.tells_ips = False
    with pytest.raises(UsageError, match="does not tell the IP list"):
        turn(world)
    turn(world, ips=IPS)
    version = world.inventory.live_version(world.key.id)
    seen = world.inventory.last_observation(version.id).report
    assert (seen.ips, seen.ips_origin) == (IPS, Origin.DECLARED), "declared is not verified"
    turn(world)  # what was declared then is enough for the next time
    assert new_key(world).ips == IPS


def test_needs_the_venue_cannot_express():
    world = World()
    world.inventory.update_key(replace(world.key, needs=Scope.TRADE_SPOT))
    names = replace(world.exchange.adapter.scopes, names={"all": Scope.READ | Scope.TRADE_SPOT})
    world.exchange.adapter = replace(world.exchange.adapter, scopes=names)
    with pytest.raises(UsageError, match="cannot grant exactly trade_spot"):
        turn(world)


def test_one_permission_may_hold_what_is_told_and_what_is_not():
    names = ScopeNames({"all": Scope.READ | Scope.TRADE_SPOT, "more": Scope.WITHDRAW})
    adapter = replace(World().exchange.adapter, scopes=names)
    report = KeyReport("FAKE", scopes=Scope.READ, scopes_unknown=Scope.TRADE_SPOT | Scope.WITHDRAW)
    assert wanted_grants(adapter, report, Scope.READ | Scope.TRADE_SPOT, must=True) == ("all",)
    assert wanted_grants(adapter, report, Scope.READ, must=False) == ()
    with pytest.raises(UsageError, match="cannot grant exactly read"):
        wanted_grants(adapter, report, Scope.READ, must=True)


def test_nothing_known_of_the_scopes():
    key = Key("k", "examplex", "d", "l")
    with pytest.raises(UsageError, match="neither the venue nor the inventory"):
        wanted_scopes(key, KeyReport("FAKE"))
    assert wanted_scopes(replace(key, needs=Scope.READ), KeyReport("FAKE")) is Scope.READ


def test_addresses_of_an_open_key_may_be_chosen_freely():
    assert wanted_ips(KeyReport("FAKE", ips=()), IPS) == IPS
    assert wanted_ips(KeyReport("FAKE", ips=None), None) is None


@pytest.mark.parametrize(
    ("pattern", "label"),
    [
        (r"[A-Za-z0-9_]{1,16}", "kg_0123456789"),
        (r"[a-z0-9-]+", "kg-0123456789"),
        (r"[a-z0-9]+", "kg0123456789"),
        (r"[a-z0-9]{10}", "0123456789"),
    ],
)
def test_labels_fit_the_venue(pattern, label):
    adapter = World().exchange.adapter
    fitting = replace(adapter, facts=replace(adapter.facts, label_pattern=pattern))
    assert label_for(fitting, "0123456789abcdef") == label


def test_a_venue_no_label_fits():
    adapter = World().exchange.adapter
    with pytest.raises(UsageError, match="no label"):
        label_for(replace(adapter, facts=replace(adapter.facts, label_pattern="x")), "0" * 16)


def test_a_manager_without_live_version_or_in_another_environment_is_passed_over():
    world = World()
    manager = world.inventory.find_key("manager")
    world.inventory.set_status(world.inventory.live_version(manager.id).id, VersionStatus.DEAD)
    workflow = turn(world)
    assert workflow.data["plan"]["manager"] == "", "a person did it"


def test_a_manager_that_is_refused_is_passed_over():
    world = World()
    late = enrol(world.ports, Declared("examplex", "aaa", "first", "kim"), world.exchange.make("f", ["view"]))
    seen = world.inventory.last_observation(late.version.id)
    boasting = replace(seen.report, scopes=Scope.MANAGE_KEYS)
    world.inventory.observe(Observation(late.version.id, world.clock.now(), boasting))
    assert turn(world).data["plan"]["manager"] == world.inventory.find_key("manager").id


def test_managers_of_another_environment_are_not_asked():
    world = World()
    manager = world.inventory.find_key("manager")
    world.inventory.update_key(replace(manager, environment=Environment.TEST))
    assert turn(world).data["plan"]["manager"] == ""


def test_a_venue_that_ends_keys_but_lists_none_is_worked_by_hand():
    world = World()
    world.exchange.adapter = replace(world.exchange.adapter, list_keys=None)
    assert turn(world).data["plan"]["manager"] == ""
    assert [guide.title for guide in world.person.guides] == ["create", "delete"]


def test_a_busy_venue_is_not_taken_for_one_without_a_list():
    world = World("guided")
    world.exchange.refuse = {"GET /keys": "1010"}
    with pytest.raises(Refused):
        turn(world)
    world.exchange.refuse = {}
    (workflow,) = world.journal.workflows()
    assert resume(world.ports, workflow.id, actor=ACTOR, process_alive=world.process_alive).state == "buried"


@pytest.mark.parametrize("missing", ["create_key", "delete_key", "list_keys"])
def test_a_venue_that_lost_a_call_since_the_plan_was_made(missing):
    """An update of keyguard may come between: the plan is not bent, the person is told."""
    world = World()
    world.gateway.timeouts = {2 if missing == "delete_key" else 1: "before"}
    with pytest.raises(OutcomeUnknown):
        turn(world)
    world.exchange.adapter = replace(world.exchange.adapter, **{missing: None})
    (workflow,) = world.journal.workflows()
    with pytest.raises((IntegrityError, NotOffered)):
        resume(world.ports, workflow.id, actor=ACTOR, process_alive=world.process_alive)
    assert world.answers(world.old)


def test_a_venue_that_keeps_what_it_was_told_to_delete():
    world = World()
    world.gateway.timeouts = {1: "after"}
    with pytest.raises(OutcomeUnknown):
        turn(world)
    world.exchange.remove = lambda public_id: None
    (workflow,) = world.journal.workflows()
    with pytest.raises(OutcomeUnknown, match="still lists a key"):
        resume(world.ports, workflow.id, actor=ACTOR, process_alive=world.process_alive)
    untouched(world)


def test_a_second_process_does_not_drive_the_same_workflow():
    world = World()
    world.alive = {(7, "1")}
    world.inventory.add_lease(
        Lease("l1", world.inventory.live_version(world.key.id).id, 7, "1", "bot", world.clock.now())
    )
    refused = []

    def looked_at_while_draining(pid, started):
        (workflow,) = world.journal.workflows(unfinished=True)
        settings = {"actor": ACTOR, "process_alive": world.process_alive}
        for second in (
            lambda: resume(world.ports, workflow.id, **settings),
            lambda: cancel(world.ports, workflow.id, **settings),
            lambda: rotate(world.ports, "bot", Options(), **settings),
            lambda: revoke(world.ports, "bot", reason="leak", manager="", **settings),
        ):
            with pytest.raises(UsageError) as caught:
                second()
            refused.append(caught.value.code)
        return False

    done = rotate(world.ports, "bot", Options(), actor=ACTOR, process_alive=looked_at_while_draining)
    assert done.state == "buried"
    assert refused == ["workflow.busy"] * 4
    assert world.audit.types().count("key.revoke") == 1


def test_a_refusal_half_way_says_what_to_mend_and_how_to_go_on():
    world = World()
    real = world.gateway.send

    def refusing(venue, request, who):
        if request.method == "DELETE":
            raise Refused("no", fault=Fault.IP, still="nothing was changed there", hint="mend the IP list")
        return real(venue, request, who)

    world.gateway.send = refusing
    with pytest.raises(Refused) as caught:
        turn(world)
    (workflow,) = world.journal.workflows(unfinished=True)
    assert caught.value.hint == f"mend the IP list, then keyguard workflow resume {workflow.id}"


def stopped_at(world, method):
    """A rotation that the venue stopped before the first request of this method; then its manager dies."""
    world.exchange.refuse = {f"{method} /keys": "1011"}
    with pytest.raises(KeyguardError):
        turn(world)
    world.exchange.refuse = {}
    manager = world.inventory.live_version(world.inventory.find_key("manager").id)
    world.exchange.remove(manager.public_id)
    (workflow,) = world.journal.workflows(unfinished=True)
    return workflow


@pytest.mark.parametrize(("method", "state"), [("POST", "creating"), ("DELETE", "revoking")])
def test_a_manager_that_died_meanwhile_is_replaced(method, state):
    world = World()
    workflow = stopped_at(world, method)
    assert workflow.state == state
    settings = {"actor": ACTOR, "process_alive": world.process_alive}
    with pytest.raises(Refused):
        resume(world.ports, workflow.id, **settings)
    blind = world.exchange.make("blind", ["view"], IPS, account="A0")
    other = world.exchange.make("manager2", ["view", "keys"], IPS, account="A0")
    enrol(world.ports, Declared("examplex", "ops", "blind", "kim"), blind)
    enrol(world.ports, Declared("examplex", "ops", "second", "kim"), other)
    with pytest.raises(UsageError) as caught:
        resume(world.ports, workflow.id, manager="blind", **settings)
    assert caught.value.code == "manager.blind"
    assert resume(world.ports, workflow.id, manager="second", **settings).state == "buried"
    assert not world.answers(world.old)
    assert len(world.exchange.working()) == 1


def test_a_workflow_by_hand_takes_no_manager():
    world = World("guided")
    world.person.absent = True
    with pytest.raises(UsageError):
        turn(world)
    (workflow,) = world.journal.workflows()
    with pytest.raises(UsageError) as caught:
        resume(world.ports, workflow.id, actor=ACTOR, process_alive=world.process_alive, manager="bot")
    assert caught.value.code == "manager.none"


@pytest.mark.parametrize(
    ("scopes", "grants"),
    [
        (Scope.READ | Scope.TRADE_SPOT, ("look", "trade")),
        (Scope.READ, ("look",)),
        (Scope.TRADE_SPOT, ()),  # the box for trading would bring reading
        (Scope.READ | Scope.TRADE_SPOT | Scope.WITHDRAW, ()),
    ],
)
def test_a_permission_nobody_is_told_of_may_bring_one_that_is_known(
    scopes: Scope, grants: tuple[str, ...]
) -> None:
    names = ScopeNames({"look": Scope.READ, "trade": Scope.READ | Scope.TRADE_SPOT})
    venue = replace(World().exchange.adapter, scopes=names)
    told = KeyReport("FAKE", scopes=Scope.READ, scopes_unknown=Scope.TRADE_SPOT, grants=("look",))
    assert wanted_grants(venue, told, scopes, must=False) == grants
