"""The rotation cockpit: by API, by hand, cut off, paused, given up; by keyboard alone."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from keyguard.core.secret import Secret
from keyguard.tui import track
from keyguard.tui.work import Stage
from tests.fakes.world import ACTOR, World
from tests.tui.harness import Seat, sitting
from tests.tui.working import Bench, at_work, benched


@sitting
async def test_tracks_of_several_rotations(seat: Seat) -> None:
    seat.desk.rotation("binance/mm/quoter", "switched", reason="leak")
    stuck = seat.desk.rotation("upbit/krw/메이커", "creating", guided=True)
    seat.desk.park(stuck, "a page of the venue needs a person")
    seat.desk.rotation("okx/mm/hedge", "buried", finished=True)
    await seat.look()
    await seat.press("3")
    await seat.app.workers.wait_for_complete()
    await seat.pilot.pause()
    assert seat.sees("●●◉○○○○○○○")
    assert seat.sees("●●●●●●●●●●")
    await seat.pictures("rotations as tracks")


def test_a_rotation_by_api_runs_through_and_its_track_is_whole() -> None:
    async def flow(bench: Bench) -> None:
        await bench.go("rotations", bench.world.key.id)
        assert bench.sees("A new key is made")
        await bench.press("enter", "enter", "enter")
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        assert bench.sees("●" * 10)
        assert not bench.world.answers(bench.world.old)
        assert bench.world.store.get(f"version/{view.result.data['new']['id']}")

    at_work(flow)


def test_a_rotation_by_hand_is_ticked_pasted_and_proven() -> None:
    async def flow(bench: Bench) -> None:
        world = bench.world
        world.person.ticks = 1  # not asked: the screen is the person
        await begin(bench)
        view = await bench.settled()
        steps = view.question.guide.steps
        assert bench.sees("[>] 1.")
        label, grants, ips, account = json.loads(steps[-1])
        for _ in steps:
            await bench.press("enter")
            view = await bench.settled()
        made = world.exchange.make(label, grants, ips, account)
        assert view.question.kind == "credential"
        await bench.paste(made.key)
        await bench.press("enter")
        assert bench.sees("secret")
        await bench.paste(made.secret.reveal())
        assert not bench.sees(made.secret.reveal())
        await bench.press("enter")
        view = await bench.settled()
        assert view.question is not None, view.trouble
        assert bench.sees(f"delete {world.old.key}")
        world.exchange.remove(world.old.key)
        for _ in range(3):
            await bench.press("enter")
            view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        assert bench.sees("●" * 10)
        assert made.secret.reveal() not in "".join(bench.seen()) + repr(view)

    at_work(flow, "guided", with_manager=False)


def test_left_in_the_middle_it_stands_in_the_journal_and_goes_on_where_it_was() -> None:
    async def cut(world: World) -> int:
        async with benched(world) as bench:
            await begin(bench)
            await bench.settled()
            await bench.press("enter")
            view = await bench.settled()
            return view.question.guide.done  # and the terminal closes

    async def taken_up(world: World) -> None:
        async with benched(world) as bench:
            await bench.press("3")
            assert bench.sees("creating")
            await bench.press("c")
            view = await bench.settled()
            assert view.question.guide.done == 1
            assert bench.sees("[x] 1.")
            assert bench.sees("[>] 2.")
            await bench.press("escape", "l")
            view = await over(bench)
            assert (view.stage, view.trouble.code) == (Stage.FAILED, "person.needed")
            assert bench.sees("left for later")

    world = World("guided", with_manager=False)
    made = world.exchange.adapter.guide_create
    world.exchange.adapter = replace(
        world.exchange.adapter, guide_create=lambda spec: made(spec).after("open the page", "화면을 엽니다")
    )
    assert asyncio.run(cut(world)) == 1
    asyncio.run(taken_up(world))


def test_paused_it_stands_still_until_somebody_goes_on() -> None:
    async def flow(bench: Bench) -> None:
        await begin(bench)
        await bench.settled()
        await bench.press("escape", "p")
        await bench.press("enter")
        await over(bench)
        (pause,) = bench.world.journal.pauses().values()
        assert (pause.by, pause.reason) == (ACTOR.user, "paused by hand")
        assert bench.sees("paused by hana")
        await bench.press("c")
        assert (await bench.settled()).question is not None
        assert not bench.world.journal.pauses()

    at_work(flow, "guided", with_manager=False)


def test_given_up_it_leaves_the_old_key_and_nothing_else() -> None:
    async def flow(bench: Bench) -> None:
        await begin(bench)
        await bench.settled()
        await bench.press("escape", "a")
        assert bench.sees("The old one stays in use.")
        await bench.press("enter")
        assert bench.world.journal.workflows(unfinished=True)
        await bench.press("y")
        view = await bench.settled()
        assert view.result.state == "aborted"
        assert bench.sees("given up")
        assert bench.world.answers(bench.world.old)

    at_work(flow, "guided", with_manager=False)


def test_a_paste_that_is_no_key_is_refused_and_asked_for_again() -> None:
    async def flow(bench: Bench) -> None:
        await begin(bench)
        view = await bench.settled()
        for _ in view.question.guide.steps:
            await bench.press("enter")
            view = await bench.settled()
        await bench.paste("FAKE\x07bell")
        await bench.press("enter")
        await bench.paste("FAKEFAKE")
        await bench.press("enter")
        assert bench.sees("control characters")
        assert bench.work.jobs[-1].view.question is not None
        assert bench.field.empty

    at_work(flow, "guided", with_manager=False)


def test_the_store_is_unlocked_by_the_masked_field() -> None:
    async def flow(bench: Bench) -> None:
        asked = []

        def do(doing):
            asked.append(doing.ports.person.passphrase(""))

        await bench.press("3")
        bench.work.begin("rotate", "anything", bench.world.key.id, do)
        await bench.settled()
        await bench.press("down", "enter")
        await bench.paste("FAKE passphrase")
        assert not bench.sees("FAKE")
        await bench.press("enter")
        await bench.settled()
        assert asked == [Secret("FAKE passphrase")]

    at_work(flow)


def test_what_fails_says_what_is_still_true_and_what_to_do() -> None:
    async def flow(bench: Bench) -> None:
        bench.world.gateway.down = True
        await begin(bench)
        view = await bench.settled()
        assert view.stage is Stage.FAILED
        assert bench.sees("no answer")

    at_work(flow)


def test_an_error_of_ours_is_named_by_its_class_alone() -> None:
    async def flow(bench: Bench) -> None:
        def do(_):
            raise ValueError("FAKE" * 9)

        await bench.press("3")
        bench.work.begin("rotate", "anything", bench.world.key.id, do)
        view = await bench.settled()
        assert view.trouble.message == "ValueError"
        assert not bench.sees("FAKE")

    at_work(flow)


def test_tracks_are_the_states_of_the_machines() -> None:
    assert [state.value for state in track.way("rotate")] == [
        *("planned", "creating", "created", "stored", "proven", "switched", "drained"),
        *("revoking", "revoked", "buried"),
    ]
    assert [state.value for state in track.way("revoke")] == ["planned", "revoking", "revoked", "buried"]
    assert track.way("migrate") == ()


async def begin(bench: Bench) -> None:
    await bench.go("rotations", bench.world.key.id)
    await bench.press("enter", "enter", "enter")


async def over(bench: Bench):
    job = bench.work.jobs[-1]
    assert await asyncio.to_thread(job.wait)
    await bench.look()
    await bench.app.workers.wait_for_complete()
    await bench.pilot.pause()
    return job.view
