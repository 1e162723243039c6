"""Panic by keyboard: chosen, seen, said twice, counted down; what is left is a numbered list."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard.tui.panicking import Panicking, Which, plan
from keyguard.tui.screens.panic import COUNT_S, Stage
from keyguard.tui.source import Source
from keyguard.workflows.enrol import Declared, enrol
from tests.fakes.world import ACTOR, IPS, World
from tests.tui.desk import HOME, RUNNING, desk
from tests.tui.harness import Seat, seated, sitting

PASSPHRASE = Secret("FAKE passphrase of a store")


class Danger:
    """A firm at a simulated venue, and what ends its keys."""

    def __init__(self, variant="full", asks=False, **world) -> None:
        self.world = World(variant, **world)
        self.world.inventory.stamp = lambda: 0
        self.given: list[Secret | None] = []
        self.panicking = Panicking(self._open, ACTOR, self.world.process_alive, lambda: asks)
        opens = (lambda given: given == PASSPHRASE) if asks else None
        self.source = Source(self._ports, lambda: HOME, lambda: RUNNING, opens=opens)

    def add(self, label: str, desk: str = "desk", grants=("view", "trade"), **facts) -> None:
        made = self.world.exchange.make(label, list(grants), IPS, **facts)
        enrol(self.world.ports, Declared("examplex", desk, label, "kim"), made)

    def _ports(self):
        return contextlib.nullcontext(self.world.ports)

    def _open(self, passphrase, watcher):
        self.given.append(passphrase)
        return contextlib.nullcontext((replace(self.world.ports, person=watcher), None))

    def run(self, test) -> None:
        async def whole() -> None:
            async with seated(of=self.source, panicking=self.panicking) as seat:
                await seat.press("exclamation_mark")
                await test(seat)
                self.panicking.wait()

        asyncio.run(whole())

    async def ended(self, seat: Seat) -> None:
        self.panicking.wait()
        await seat.until(lambda: seat.app.screen.stage is Stage.OVER)


async def chosen(seat: Seat, what: str) -> None:
    """On the plan of `what`."""
    await seat.app.go("panic", what)
    await seat.until(lambda: seat.sees(" die, "))


def count_down(seat: Seat, seconds: int = COUNT_S) -> None:
    for _ in range(seconds):
        seat.app.screen.tick()


def test_the_keys_of_a_desk_die_after_two_steps_and_a_count_down() -> None:
    danger = Danger()

    async def test(seat: Seat) -> None:
        assert seat.sees("What is in danger?")
        await seat.press("enter")  # the first: desk desk
        await seat.until(lambda: seat.sees(" die, "))
        assert seat.sees("desk desk: 1 keys die, 1 by API, 0 only by a person")
        await seat.press("enter", "1", "enter")
        assert seat.sees("1 keys die in 10 s.")
        count_down(seat, COUNT_S - 1)
        assert danger.world.gateway.effects == 0
        count_down(seat, 1)
        await danger.ended(seat)
        assert seat.sees("1 of 1 keys are dead.")
        assert seat.sees("Nothing is left to do.")

    danger.run(test)
    assert not danger.world.answers(danger.world.old)
    assert danger.world.audit.bodies("panic.begin") == [
        {"scope": "desk desk", "keys": 1, "reason": "suspicion"}
    ]


def test_what_only_a_person_can_end_is_said_before_and_listed_after() -> None:
    danger = Danger("guided")

    async def test(seat: Seat) -> None:
        await chosen(seat, "all")
        assert seat.sees("EVERY KEY: 1 keys die, 0 by API, 1 only by a person")
        assert seat.sees("ONLY BY A PERSON")
        await seat.press("r", "enter", "1", "enter")
        count_down(seat)
        await danger.ended(seat)
        assert seat.sees("1 need a person NOW")
        assert seat.sees("1.  examplex/desk/bot")
        assert seat.sees(danger.world.exchange.adapter.facts.key_page)
        assert seat.sees("then: keyguard workflow resume")
        await seat.pictures("panic, what is left for a person")
        await seat.press("escape")
        assert seat.app.screen.stage is Stage.CHOOSE

    danger.run(test)
    assert danger.world.audit.bodies("panic.begin")[0]["reason"] == "leak"


def test_a_manager_that_its_venue_does_not_tell_of_is_named() -> None:
    danger = Danger(with_manager=False)
    danger.add("quiet", desk="ops", grants=("view", "keys"), account="A0")
    inventory = danger.world.inventory
    manager = inventory.live_version(inventory.find_key("quiet").id)
    seen = inventory.last_observation(manager.id)
    inventory.observe(replace(seen, report=replace(seen.report, scopes=Scope.READ)))

    async def test(seat: Seat) -> None:
        await chosen(seat, "desk desk")
        assert seat.sees("0 by API, 1 only by a person")
        await seat.press("m")
        await seat.type("nobody")
        await seat.press("enter")
        assert seat.sees("No key is called nobody.")
        await seat.press("m")
        await seat.type("examplex/ops/quiet")
        await seat.press("enter")
        await seat.until(lambda: seat.sees("1 by API, 0 only by a person"))
        assert seat.sees("ended with what manages their accounts: examplex/ops/quiet")
        await seat.press("enter", "1", "enter")
        count_down(seat)
        await danger.ended(seat)
        assert seat.sees("1 of 1 keys are dead.")

    danger.run(test)
    assert not danger.world.answers(danger.world.old)


def test_escape_or_another_screen_stops_the_count_down() -> None:
    danger = Danger()

    async def test(seat: Seat) -> None:
        for away in ("escape", "1"):
            await chosen(seat, "desk desk")
            await seat.press("enter", "1", "enter")
            assert seat.app.screen.stage is Stage.COUNT
            panic = seat.app.screen
            await seat.press(away)
            count = [panic.tick() for _ in range(COUNT_S)]
            assert (panic.stage, len(count)) == (Stage.PLAN, COUNT_S)
        await seat.press("exclamation_mark")
        assert seat.sees("Stopped. Nothing was ended.")

    danger.run(test)
    assert danger.world.gateway.effects == 0


def test_the_wrong_number_ends_nothing() -> None:
    danger = Danger()

    async def test(seat: Seat) -> None:
        await chosen(seat, "all")
        await seat.press("enter", "enter", "3", "enter")
        assert seat.sees("That is not their number. Nothing was ended.")
        assert seat.app.screen.stage is Stage.TYPE
        count_down(seat)

    danger.run(test)
    assert danger.world.gateway.effects == 0


def test_a_key_that_came_since_the_plan_was_shown_stops_it() -> None:
    danger = Danger()

    async def test(seat: Seat) -> None:
        await chosen(seat, "desk desk")
        await seat.press("enter", "1", "enter")
        danger.add("second")
        count_down(seat)
        await danger.ended(seat)
        assert seat.sees("NOT DONE: the keys are not those that were shown any more")
        assert seat.sees("nothing was ended")

    danger.run(test)
    assert danger.world.gateway.effects == 0


def test_a_locked_store_is_opened_before_the_seconds_run() -> None:
    danger = Danger(asks=True)

    async def test(seat: Seat) -> None:
        await chosen(seat, "desk desk")
        await seat.press("enter", "1", "enter", "x", "enter")
        await seat.until(lambda: not seat.sees("Trying"))
        assert seat.sees("That is not the passphrase of the store. Nothing was ended.")
        await seat.type(PASSPHRASE.reveal())
        assert not seat.sees("FAKE")
        await seat.press("enter")
        await seat.until(lambda: seat.sees("1 keys die in 10 s."))
        count_down(seat)
        await danger.ended(seat)
        assert seat.sees("1 of 1 keys are dead.")

    danger.run(test)
    assert danger.given == [PASSPHRASE]


@sitting
async def test_what_would_die_and_how_looks_like_this(seat: Seat) -> None:
    await seat.press("exclamation_mark")
    await seat.pictures("panic, what is in danger")
    await chosen(seat, "all")
    await seat.pictures("panic, exactly what would die")
    await seat.press("enter")
    assert seat.sees("This view is read-only")


def test_the_seconds_run_down_in_red() -> None:
    async def whole() -> None:
        nobody = Panicking(lambda *_: contextlib.nullcontext(), ACTOR, lambda *_: False, lambda: False)
        async with seated(desk(), panicking=nobody) as seat:
            await chosen(seat, "desk mm")
            await seat.press("enter", "3", "enter")
            count_down(seat, 3)
            await seat.pilot.pause()
            await seat.pictures("panic, the seconds run down")
            await seat.press("escape")

    asyncio.run(whole())


def test_a_panic_goes_on_when_the_app_has_ended() -> None:
    danger = Danger()

    def ended() -> None:
        raise RuntimeError("Event loop is closed")

    which = Which("desk", "desk")
    danger.panicking.begin(which, plan(danger.world.ports, which), "leak", None, ended)
    danger.panicking.wait()
    assert (danger.panicking.result.dead, danger.panicking.trouble) == (1, None)
    assert not danger.world.answers(danger.world.old)


def test_words_of_a_choice_are_those_of_the_command_line() -> None:
    assert (Which().words, Which("desk", "mm").words) == ("all", "desk mm")
