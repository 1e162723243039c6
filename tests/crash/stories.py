"""Every workflow as a story: what is there, what is done, what is done after a restart, what holds then.

`begin` is what dies. `again` is all that happens afterwards: what the same person types once more, what a
command says is to be done, or the runner of the daemon, which asks nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from keyguard.core.due import OnLeak, RotationPolicy, Rule
from keyguard.core.errors import KeyguardError, UsageError
from keyguard.core.incidents import Kind, Step
from keyguard.core.keys import VersionStatus
from keyguard.core.reviews import Verdict
from keyguard.ports.all import Ports
from keyguard.workflows import (
    contain,
    end_person,
    incidents,
    offboard,
    offboarding_report,
    panic,
    reviews,
    unattended,
)
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.incidents import Opening
from keyguard.workflows.minimise import Options as Less
from keyguard.workflows.minimise import minimise
from keyguard.workflows.recovery import cancel, resume
from keyguard.workflows.reviews import Answer
from keyguard.workflows.revoke import revoke
from keyguard.workflows.rotate import Options, rotate
from keyguard.workflows.rotate_each import rotate_each
from tests.adapters.scripts import adapter, told
from tests.crash.firm_at_venue import HANA, KIM, FirmAtVenue, alive, attempt
from tests.crash.killing import Fate, Killed, mortal
from tests.venues.test_minimise import BY_API, IP
from tests.venues.weather import LAGS_MS, Weather, let

World = FirmAtVenue
AUTO = RotationPolicy(rule=Rule(auto=True, overlap=timedelta(), on_leak=OnLeak.ROTATE))
AUTO_REVOKE = RotationPolicy(rule=Rule(on_leak=OnLeak.REVOKE))


@dataclass(frozen=True)
class Story:
    """`holds`: what is true of the outcome beyond what holds of all. `venues`: where it can be told."""

    name: str
    build: Callable[[str, asyncio.Runner], World]
    begin: Callable[[Ports, World], object]
    again: Callable[[World], object]
    holds: Callable[[World], object]
    venues: Callable[[str], bool] = field(default=lambda venue: True)


def lists(name: str) -> bool:
    """Whether the venue lists keys."""
    return adapter(name).list_keys is not None


def plain(name: str, runner: asyncio.Runner) -> World:
    return FirmAtVenue(name, runner)


def staffed(name: str, runner: asyncio.Runner) -> World:
    return FirmAtVenue(name, runner).staffed()


# --- what several of them do


def unfinished(world: World) -> Any:
    found = world.journal.workflows(unfinished=True)
    return found[0] if found else None


def go_on(world: World) -> bool:
    """Resume what stands open, as `keyguard attention` says; whether anything did."""
    if (open_one := unfinished(world)) is None:
        return False
    attempt(lambda: resume(world.ports, open_one.id, actor=KIM, process_alive=alive), world)
    return True


def versions(world: World) -> Mapping[str, VersionStatus]:
    return {v.public_id: v.status for v in world.inventory.versions(world.key.id)}


def replaced(world: World) -> None:
    """The old key is dead, with one record of each step, and exactly one works in its place."""
    statuses = versions(world)
    assert statuses[world.old.public_id] is VersionStatus.DEAD
    assert list(statuses.values()).count(VersionStatus.LIVE) == 1
    made = world.venue.state.book.keys[world.inventory.live_version(world.key.id).public_id]
    assert made.grants == world.old.grants
    told_once(world, "key.revoke_confirmed", world.old.public_id)
    told_once(world, "key.revoke", world.old.public_id)


def ended(world: World) -> None:
    assert set(versions(world).values()) == {VersionStatus.DEAD}
    told_once(world, "key.revoke_confirmed", world.old.public_id)


def told_once(world: World, type_: str, public_id: str) -> None:
    (version,) = (v for v in world.inventory.versions(world.key.id) if v.public_id == public_id)
    assert [b["key"] for b in world.audit.bodies(type_)].count(version.fingerprint) == 1


# --- enrol


def new_key(name: str, runner: asyncio.Runner) -> World:
    world = plain(name, runner)
    made = world.issue(world.home, told(world.name).TRADER)
    world.clock.sleep(60)
    world.second = world.credential(made)  # type: ignore[attr-defined]
    return world


def enrolling(ports: Ports, world: World) -> object:
    declared = Declared(world.name, "mm", "second", "kim", account=world.key.account)
    return enrol(ports, declared, world.second)  # type: ignore[attr-defined]


def enrol_again(world: World) -> None:
    with Done():
        enrolling(world.ports, world)


class Done(suppress):
    """Nothing is wrong where the work was done before the process died."""

    def __init__(self, *codes: str) -> None:
        super().__init__(UsageError)
        self.codes = codes or ("key.known",)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        if isinstance(error, UsageError):
            assert error.code in self.codes, error
        return bool(super().__exit__(kind, error, trace))


def enrolled(world: World) -> None:
    key = world.inventory.find_key(f"{world.name}/mm/second")
    (version,) = world.inventory.versions(key.id)
    assert [b["key"] for b in world.audit.bodies("key.register")].count(version.fingerprint) == 1


# --- rotate


def rotating(ports: Ports, world: World) -> object:
    options = Options(overlap_s=0, manager=world.manager, ips=world.ips if world.untold else None)
    return rotate(ports, world.key.name, options, actor=KIM, process_alive=alive)


def rotate_again(world: World) -> None:
    """The runner goes on alone where it can; where it cannot, a person does what is said to be needed."""
    world.without_a_person(AUTO)
    if not go_on(world) and not world.journal.workflows():
        attempt(lambda: go_on(world) or rotating(world.ports, world), world)


def begun(name: str, runner: asyncio.Runner) -> World:
    """A rotation whose new key is proven, and whose process died then."""
    world = plain(name, runner)

    class AtProven(Fate):
        def call(self, called: str, function: Any, *args: Any, **kwargs: Any) -> Any:
            result = super().call(called, function, *args, **kwargs)
            if called == "journal.advance" and unfinished(world).state == "proven":
                raise Killed("proven")
            return result

    with suppress(Killed):
        rotating(mortal(world.ports, AtProven()), world)
    assert unfinished(world).state == "proven"
    return world


def cancelling(ports: Ports, world: World) -> object:
    return cancel(ports, world.journal.workflows()[0].id, actor=KIM, process_alive=alive)


def cancel_again(world: World) -> None:
    if unfinished(world) is not None and unfinished(world).state == "proven":
        attempt(
            lambda: go_on(world) if unfinished(world).state == "aborting" else cancelling(world.ports, world),
            world,
        )
    else:
        go_on(world)


def untouched(world: World) -> None:
    assert world.inventory.live_version(world.key.id).public_id == world.old.public_id
    assert {w.state for w in world.journal.workflows()} <= {"aborted"}


def give_up(world: World) -> None:
    """Whoever finds a rotation that died gives it up, or is told that it is too late and resumes it."""
    open_one = unfinished(world)
    if open_one is None:
        return
    try:
        cancelling(world.ports, world)
    except UsageError as error:
        assert error.code == "workflow.too_late"
        go_on(world)
    except KeyguardError:
        go_on(world)


def given_up(world: World) -> None:
    states = {w.state for w in world.journal.workflows()}
    assert len(states) <= 1
    replaced(world) if states == {"buried"} else untouched(world)


# --- minimise


def wide(name: str, runner: asyncio.Runner) -> World:
    return FirmAtVenue(name, runner, wide=True)


def narrowing(ports: Ports, world: World) -> object:
    options = Less(ips=(IP,), manager=world.manager if world.name in BY_API else "")
    return minimise(
        ports, world.key.name, options, actor=KIM, process_alive=alive, consent=lambda proposal: True
    )


def narrow_again(world: World) -> None:
    if not go_on(world) and not world.journal.workflows():
        attempt(lambda: go_on(world) or narrowing(world.ports, world), world)


def narrow(world: World) -> None:
    live = world.inventory.live_version(world.key.id)
    assert set(world.venue.state.book.keys[live.public_id].ips) == {IP}
    seen = world.inventory.last_observation(live.id)
    assert seen is not None
    assert seen.report.ips in ((IP,), None), "and that is what we believe"


# --- revoke


def revoking(ports: Ports, world: World) -> object:
    return revoke(ports, world.key.name, reason="leak", manager=world.manager, actor=KIM, process_alive=alive)


def revoke_again(world: World) -> None:
    if not go_on(world) and not world.journal.workflows():
        attempt(lambda: go_on(world) or revoking(world.ports, world), world)


# --- panic


def panicking(ports: Ports, world: World) -> object:
    """Of the one key; what a person has to do at a page comes back as an error that says so."""
    chosen = [one for one in panic.targets(ports) if one.key.id == world.key.id]
    named = [world.inventory.find_key(world.manager)] if world.manager else []
    done = panic.panic(
        ports, chosen, scope="one key", reason="suspicion", actor=KIM, process_alive=alive, named=named
    )
    if done.dead:
        return done
    return done.targets[0].error or UsageError("a person has to end it", code="person.needed")


def panic_again(world: World) -> None:
    """What was announced goes on; what was not is announced by the panic that is typed again."""
    if not world.journal.workflows():
        panicking(world.ports, world)
    attempt(lambda: go_on(world) or None, world)


# --- off-board a person


def leaving(ports: Ports, world: World) -> object:
    """What `person offboard --yes --rotate` does."""
    (hana,) = (person for person in ports.people.persons() if person.id == "hana")
    if hana.span.ended_at is None:
        end_person.end(ports, "hana", actor=KIM, reason="leaver")
    plan = offboard.plan(ports, "hana")
    offboarding_report.keep(ports, "person", "hana", [plan])
    keys = [one.key for one in plan.keys if one.must_rotate]
    options = Options(
        overlap_s=0, reason="leaver", manager=world.manager, ips=world.ips if world.untold else None
    )
    done = rotate_each(ports, keys, options, actor=KIM, process_alive=alive)
    offboarding_report.keep(ports, "person", "hana", [offboard.plan(ports, "hana")])
    for error in done.failed.values():
        raise error
    return done


def leave_again(world: World) -> None:
    world.without_a_person(AUTO)
    go_on(world)

    def leave() -> object:
        go_on(world)
        return leaving(world.ports, world)

    attempt(leave, world)


def left(world: World) -> None:
    replaced(world)
    assert all(grant.span.ended_at for grant in world.people.grants(person="hana"))
    (report,) = world.incidents.reports()
    assert '"dead"' in report.document


# --- leak to dead, by policy


def answering(policy: RotationPolicy) -> Callable[[Ports, World], object]:
    def answer(ports: Ports, world: World) -> object:
        version = world.inventory.live_version(world.key.id)
        task = unattended.answer_to_leak(ports, policy, version.id)
        assert task is not None
        world.person.absent = True
        return unattended.perform(ports, task, actor=KIM, process_alive=alive)

    return answer


def answer_again(policy: RotationPolicy) -> Callable[[World], object]:
    """The watched file is found again by the next daemon; or what was begun goes on."""

    def again(world: World) -> None:
        world.without_a_person(policy)
        if not world.journal.workflows():
            outcome = answering(policy)(world.ports, world)
            world.without_a_person(policy)
            world.person.absent = False
            if isinstance(outcome, KeyguardError) and not world.journal.workflows():
                assert outcome.hint, "what a person must do has a name"
                attempt(lambda: go_on(world) or rotating(world.ports, world), world)
        go_on(world)

    return again


# --- an incident


def open_incident(name: str, runner: asyncio.Runner) -> World:
    world = plain(name, runner)
    incidents.open_incident(
        world.ports, Opening(Kind.LEAK, "in a public repository", keys=(world.key.name,)), actor=KIM
    )
    return world


def containing(ports: Ports, world: World) -> object:
    done = contain.contain(
        ports,
        world.incidents.all()[-1].id,
        revoking=True,
        manager=world.manager if ports.journal.workflows(unfinished=True) == () else "",
        actor=KIM,
        process_alive=alive,
    )
    for error in done.failed.values():
        raise error
    return done


def contain_again(world: World) -> None:
    attempt(lambda: containing(world.ports, world), world)


def contained(world: World) -> None:
    ended(world)
    steps = [event.step for event in world.incidents.all()[-1].events]
    assert steps.count(Step.CONTAINED) == steps.count(Step.REVOKED) == 1
    assert len(world.incidents.freezes()) == 1
    assert len(world.audit.bodies("handout.freeze")) == 1


# --- a review


def reviewed(name: str, runner: asyncio.Runner) -> World:
    world = staffed(name, runner)
    reviews.open_review(world.ports, "mm", actor=KIM)
    return world


def removing(ports: Ports, world: World) -> object:
    """hana reviews (kim gave it), takes her own access away, and kim closes; the runner does the rest."""
    (review,) = ports.people.reviews()
    if review.undecided:
        reviews.decide(
            ports, review.id, review.items[0].grant, Answer(Verdict.REMOVE, "moved desks"), actor=HANA
        )
    if ports.people.reviews()[0].is_open():
        reviews.close(ports, review.id, actor=KIM)
    return rotating(ports, world)


def remove_again(world: World) -> None:
    world.without_a_person(AUTO)
    go_on(world)
    if world.people.reviews()[0].is_open() or not world.journal.workflows():
        attempt(lambda: go_on(world) or removing(world.ports, world), world)


def removed(world: World) -> None:
    replaced(world)
    (review,) = world.people.reviews()
    assert not review.is_open()
    (grant,) = world.people.grants(person="hana")
    assert grant.span.ended_at is not None
    for type_ in ("access.revoke", "review.decide", "review.close"):
        assert len(world.audit.bodies(type_)) == 1, type_


# --- what a list of keys shows five minutes late


def behind(name: str, runner: asyncio.Runner) -> World:
    world = plain(name, runner)
    world.clock.sleep(2 * LAGS_MS / 1000)
    let(Weather.LIST_LAGS, world, 0)
    return world


STORIES = (
    Story("enrol", new_key, enrolling, enrol_again, enrolled),
    Story("rotate", plain, rotating, rotate_again, replaced),
    Story("rotate, given up", plain, rotating, give_up, given_up),
    Story("rotate, lists lag", behind, rotating, rotate_again, replaced, lists),
    Story("given up, lists lag", behind, rotating, give_up, given_up, lists),
    Story("cancel", begun, cancelling, cancel_again, untouched),
    Story("minimise", wide, narrowing, narrow_again, narrow, lambda name: name != "hyperliquid"),
    Story("revoke", plain, revoking, revoke_again, ended),
    Story("panic", plain, panicking, panic_again, ended),
    Story("off-board", staffed, leaving, leave_again, left),
    Story("leak, rotated", plain, answering(AUTO), answer_again(AUTO), replaced),
    Story("leak, revoked", plain, answering(AUTO_REVOKE), answer_again(AUTO_REVOKE), ended),
    Story("incident", open_incident, containing, contain_again, contained),
    Story("review", reviewed, removing, remove_again, removed),
)
