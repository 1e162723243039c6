"""What proves a key dead, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import OutcomeUnknown, Refused, UsageError
from keyguard.core.keys import VersionStatus
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.recovery import cancel, resume, workflows
from keyguard.workflows.revoke import revoke
from tests.fakes.world import ACTOR, World


def end(world, **options):
    settings = {"reason": "leak", "manager": "", **options}
    return revoke(world.ports, "bot", actor=ACTOR, process_alive=world.process_alive, **settings)


def unproven(world, match):
    with pytest.raises(OutcomeUnknown, match=match) as caught:
        end(world)
    assert caught.value.code == "rotation.revoked_unconfirmed"
    assert caught.value.exit_status == 5
    (workflow,) = workflows(world.ports, unfinished=True)
    assert workflow.state == "revoked" and workflow.id in caught.value.hint
    (version,) = world.inventory.versions(world.key.id)
    assert version.status is VersionStatus.RETIRED, "no hand-outs, but not shown as dead"
    assert version.item in world.store.items, "its secret is needed for the proof"
    assert world.audit.bodies("key.revoke_confirmed") == []
    return workflow


def go_on(world, how=resume):
    (workflow,) = world.journal.workflows()
    return how(world.ports, workflow.id, actor=ACTOR, process_alive=world.process_alive)


def only_for(world, key, code):
    """Have the venue refuse one key for a reason of its own."""
    handle = world.exchange.handle

    def picky(request, who):
        if who.key == key:
            world.exchange.refuse = {"GET /whoami": code}
        try:
            return handle(request, who)
        finally:
            world.exchange.refuse = {}

    world.exchange.handle = picky


def test_a_key_is_ended_and_proven_dead():
    world = World()
    assert end(world).state == "buried"
    (version,) = world.inventory.versions(world.key.id)
    assert version.status is VersionStatus.DEAD and version.item not in world.store.items
    assert not world.answers(world.old)


@pytest.mark.parametrize("code", ["1007", "1003", "1010", "1002"])
def test_a_refusal_for_another_reason_proves_nothing(code):
    world = World()
    only_for(world, world.old.key, code)
    unproven(world, "proves nothing")


def test_a_refusal_of_several_meanings_needs_the_list():
    world = World(ambiguous=True)
    assert end(world).state == "buried"
    (proof,) = world.audit.bodies("key.revoke_confirmed")
    assert proof["meaning"] == "list_absent"


def test_a_refusal_of_several_meanings_without_list():
    world = World("blind", ambiguous=True)
    other = world.exchange.make("o", ["view"], account="A5")
    enrol(world.ports, Declared("examplex", "ops", "other", "kim"), other)
    unproven(world, "several meanings")


def blind():
    """A venue that says little and lists nothing; another key of the account."""
    world = World("blind", ambiguous=True)
    other = world.exchange.make("o", ["view"])
    enrol(world.ports, Declared("examplex", "ops", "other", "kim"), other)
    return world, other


def every_second(world, key, code):
    """Once the old key was deleted, refuse every second question with this one."""
    handle, asked = world.exchange.handle, []

    def moody(request, who):
        if who.key == key and world.person.guides:
            asked.append(request)
            world.exchange.refuse = {"GET /whoami": code} if len(asked) % 2 == 0 else {}
        try:
            return handle(request, who)
        finally:
            world.exchange.refuse = {}

    world.exchange.handle = moody


def test_a_refusal_of_several_meanings_thrice_beside_a_working_key_of_the_account():
    world, _ = blind()
    before = world.clock.now()
    assert end(world).state == "buried"
    (proof,) = world.audit.bodies("key.revoke_confirmed")
    assert (proof["meaning"], proof["method"].split(":")[0]) == ("key_unknown", "inferred")
    assert "3 times" in proof["method"]
    assert any(told.startswith("taken for dead: ") for told in world.person.told)
    assert not any(told.startswith("proven dead: ") for told in world.person.told)
    assert (world.clock.now() - before).total_seconds() >= 3


def test_a_key_that_is_refused_now_and_then_is_not_dead():
    world, _ = blind()
    world.person.lazy = True
    handle, asked = world.exchange.handle, []

    def moody(request, who):
        asked.append(who.key)
        sleepy = who.key == world.old.key and world.person.guides and asked.count(who.key) % 2
        return handle(request, replace(who, key="FAKEnobody") if sleepy else who)

    world.exchange.handle = moody
    with pytest.raises(OutcomeUnknown, match=r"now and then only|still answers it"):
        end(world)
    assert world.audit.bodies("key.revoke_confirmed") == []


def test_a_venue_that_refuses_everybody_now_and_then_proves_nothing():
    world, other = blind()
    every_second(world, other.key, "1005")
    unproven(world, "refuses other keys too")


def test_a_refusal_that_changes_its_reason_proves_nothing():
    world, _ = blind()
    every_second(world, world.old.key, "1007")
    unproven(world, r"proves nothing \(ip\)")


def test_a_key_the_venue_never_answered_may_be_bound_to_other_addresses():
    world, _ = blind()
    world.inventory.remove_key(world.key.id)
    world.exchange.refuse = {"GET /whoami": "1007"}
    declared = Declared("examplex", "desk", "bot", "kim", account="A1")
    world.key = enrol(world.ports, declared, world.old, unchecked=True).key
    world.exchange.refuse = {}
    unproven(world, "never answered this key from here")


def test_a_list_of_another_account_is_no_list():
    world = World("guided", ambiguous=True)
    other = world.exchange.make("o", ["view"], account="A5")
    enrol(world.ports, Declared("examplex", "ops", "other", "kim"), other)
    unproven(world, "no list of this account's keys")
    world.inventory.remove_key(world.inventory.find_key("other").id)
    enrol(world.ports, Declared("examplex", "ops", "same", "kim"), world.exchange.make("s", ["view"]))
    assert go_on(world).state == "buried"


def test_without_another_working_key_the_refusal_may_have_another_cause():
    world = World("guided")
    unproven(world, "no other key of this venue works")
    enrol(world.ports, Declared("examplex", "ops", "other", "kim"), world.exchange.make("o", ["view"]))
    assert go_on(world).state == "buried"


def test_a_manager_that_is_shown_no_list_proves_nothing():
    world = World()
    list_keys = world.exchange.adapter.list_keys
    asked = []

    def twice_only(account):
        asked.append(account)
        if len(asked) > 2:
            world.exchange.refuse = {"GET /keys": "1003"}
        return list_keys(account)

    world.exchange.adapter = replace(world.exchange.adapter, list_keys=twice_only)
    unproven(world, "did not show")


def test_still_listed_is_not_dead():
    world = World()
    delete = world.exchange.remove
    world.exchange.remove = lambda public_id: None
    show = world.exchange.handle

    def refuses_but_lists(request, who):
        if who.key == world.old.key and world.journal.workflows():
            world.exchange.refuse = {"GET /whoami": "1001"}
        try:
            return show(request, who)
        finally:
            world.exchange.refuse = {}

    world.exchange.handle = refuses_but_lists
    unproven(world, "still lists it")
    world.exchange.remove = delete
    delete(world.old.key)
    assert go_on(world).state == "buried"


def test_a_slow_venue_is_waited_for():
    world = World(delay_s=20.0)
    end(world)
    (proof,) = world.audit.bodies("key.revoke_confirmed")
    assert proof["attempts"] > 3


def test_a_lost_secret_cannot_be_probed():
    world = World()
    world.store.delete(world.inventory.live_version(world.key.id).item)
    with pytest.raises(OutcomeUnknown, match="no longer stored"):
        end(world)


def test_an_answer_nobody_can_read_is_no_proof():
    world = World()
    whoami = world.exchange.adapter.whoami

    def garbled(public_id):
        report = yield from whoami(public_id)
        if public_id == world.old.key:
            raise ValueError
        return report

    world.exchange.adapter = replace(world.exchange.adapter, whoami=garbled)
    world.exchange.remove = lambda public_id: None
    unproven(world, "not in the documented format")


def test_a_manager_without_rights_is_told_at_once():
    world = World()
    world.exchange.refuse = {"DELETE": "1003"}
    with pytest.raises(Refused) as caught:
        end(world)
    assert caught.value.still == "the old key may or may not work"
    world.exchange.refuse = {}
    assert go_on(world).state == "buried"


def test_a_key_the_venue_no_longer_has_is_proven_all_the_same():
    world = World()
    world.exchange.refuse = {"DELETE": "1004"}
    listed = world.exchange.handle

    def gone_meanwhile(request, who):
        if request.method == "DELETE":
            world.exchange.remove(world.old.key)
        return listed(request, who)

    world.exchange.handle = gone_meanwhile
    assert end(world).state == "buried"


def test_a_key_may_end_itself():
    world = World(with_manager=False, self_managed=True)
    other = world.exchange.make("o", ["view", "keys"])
    enrol(world.ports, Declared("examplex", "zzz", "other", "kim"), other)
    seen = world.inventory.last_observation(world.inventory.live_version(world.key.id).id)
    assert seen is not None
    assert end(world, manager="bot").state == "buried"
    deletes = [who for method, _, who in world.gateway.sent if method == "DELETE"]
    assert deletes == [world.old.key]


@pytest.mark.parametrize(("options", "code"), [({"reason": "whim"}, "reason"), ({}, "key.dead")])
def test_wrong_use(options, code):
    world = World()
    if code == "key.dead":
        end(world)
    with pytest.raises(UsageError) as caught:
        end(world, **options)
    assert caught.value.code == code


def test_cancelling_a_revocation():
    world = World()
    world.audit.broken = True
    with pytest.raises(Exception, match="audit log"):
        end(world)
    world.audit.broken = False
    assert go_on(world, cancel).state == "aborted"
    assert world.answers(world.old)
    with pytest.raises(UsageError, match="too late"):
        go_on(world, cancel)
    assert go_on(world).state == "aborted", "resuming what is finished returns it"
    assert end(world).state == "buried"


def test_too_late_to_cancel_tells_how_to_go_on():
    world = World("guided")
    unproven(world, "no other key")
    with pytest.raises(UsageError, match="too late") as caught:
        go_on(world, cancel)
    assert "resume" in caught.value.hint


def test_a_key_that_a_list_left_out_is_ended_when_taken_up_again():
    world = World()
    handle, lists = world.exchange.handle, []

    def cut_short(request, who):
        reply = handle(request, who)
        if (request.method, request.path) == ("GET", "/keys"):
            lists.append(reply)
            if len(lists) == 2:  # the first chose the manager; this one is to show what is to be ended
                return replace(reply, body=b'{"keys": []}')
        return reply

    world.exchange.handle = cut_short
    unproven(world, "the venue still answers it")
    assert world.answers(world.old)
    assert go_on(world).state == "buried"
    assert not world.answers(world.old)
