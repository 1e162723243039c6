"""Findings: live, with a preview that hides values; adopted, rotated, accepted, closed by keyboard."""

from __future__ import annotations

from datetime import timedelta

import pytest

from keyguard.core.findings import Kind, State
from keyguard.core.policy import Level
from keyguard.tui import preview
from keyguard.tui.widgets.rows import Rows
from keyguard.tui.work import Stage
from tests.fakes.world import ACTOR
from tests.tui.harness import Seat, sitting
from tests.tui.working import Bench, at_work, item

SECRET = "FAKE" + "q8Zr" * 9
SOURCE = f"""import exchange

# the quoter
api_key = "{"FAKE" + "k1" * 8}"
bot = exchange.Client(secret="{SECRET}", key=api_key)
passphrase: hunter two
connect {SECRET}
"""


@sitting
async def test_what_is_open_and_what_was_accepted(seat: Seat) -> None:
    seat.desk.accept("deribit/vol/gamma", "the desk knows; narrowed on Monday")
    await seat.look()
    await seat.press("4")
    await seat.app.workers.wait_for_complete()
    await seat.pilot.pause()
    assert seat.sees("accepted · 1")
    assert seat.sees("bots/quoter/bot.py:7")
    await seat.pictures("findings, open and accepted")


def test_a_leak_is_shown_where_it_stands_and_never_its_value(tmp_path) -> None:
    file = tmp_path / "bot.py"
    file.write_text(SOURCE)

    async def flow(bench: Bench) -> None:
        bench.world.findings.put(item(bench.world, Kind.LEAK, f"{file}:5"))
        await bench.look()
        await bench.go("findings", f"{file}:5")
        await bench.app.workers.wait_for_complete()
        await bench.pilot.pause()
        await bench.pilot.resize_terminal(250, 70)
        assert bench.sees(">    5")
        assert bench.sees("# the quoter")
        shown = "".join(bench.seen())
        for value in (SECRET, SECRET[:8], SECRET[-8:], "k1k1", "hunter"):
            assert value not in shown

    at_work(flow)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"curl -u me {SECRET}", 1),
        (f"x\n-----BEGIN PRIVATE KEY-----\n{SECRET}\nshort\n-----END PRIVATE KEY-----", 4),
        ("a\npassword is letmein", 2),
        (f'{{"secret":"{SECRET[:9]}"}}', 1),
    ],
)
def test_a_preview_hides_every_value(text: str, line: int) -> None:
    shown = "\n".join(told for _, told in preview.hidden(text, line))
    assert preview.MASK in shown
    assert not any(value in shown for value in (SECRET[:9], "short", "letmein"))


def test_a_preview_follows_no_link_and_says_so(tmp_path) -> None:
    (tmp_path / "real").write_text(SOURCE)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    made = item_at(tmp_path / "link")
    assert preview.read(made).lines == ()
    assert preview.read(item_at(tmp_path / "real")).lines


def item_at(path):
    from datetime import UTC, datetime

    from keyguard.core.findings import Item

    return Item(Kind.LEAK, Level.HIGH, str(path), "a secret on line 4", datetime.now(UTC), "keyguard scan")


def test_accepted_it_is_open_no_more_until_its_day() -> None:
    async def flow(bench: Bench) -> None:
        kept = item(bench.world, Kind.LEAK, "ops/run.sh:3")
        bench.world.findings.put(kept)
        await bench.look()
        await bench.go("findings", kept.id)
        await bench.press("a")
        await bench.fill("moves on monday", "")
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        found = bench.world.findings.get(kept.id)
        assert (found.state, found.reason, found.by) == (State.ACCEPTED, "moves on monday", ACTOR.user)
        left = found.until - bench.world.clock.now()
        assert timedelta(days=29) < left <= timedelta(days=31)
        assert bench.sees("accepted · 1")

    at_work(flow)


def test_closed_by_what_was_done_and_not_where_it_still_holds() -> None:
    async def flow(bench: Bench) -> None:
        kept = item(bench.world, Kind.LEAK, "ops/run.sh:3")
        bench.world.findings.put(kept)
        await bench.look()
        await bench.go("findings", kept.id)
        await bench.press("x")
        await bench.fill("the file is gone")
        await bench.settled()
        assert bench.world.findings.get(kept.id).state is State.CLOSED
        assert not bench.sees("LEAK")

    at_work(flow)


@sitting
async def test_what_still_holds_cannot_be_closed(seat: Seat) -> None:
    held = next(one for one in seat.app.look_now.picture.findings if one.item.kind is Kind.EXPIRY)
    await seat.app.go("findings", held.id)
    await seat.press("x")
    assert seat.told("This still holds")


def test_an_unknown_key_is_adopted_by_a_masked_paste() -> None:
    async def flow(bench: Bench) -> None:
        world = bench.world
        stray = world.exchange.make("stray", ["view"], ("203.0.113.7",))
        kept = item(world, Kind.UNKNOWN_KEY, "examplex/A1/…" + stray.key[-4:], detail=stray.key)
        world.findings.put(kept)
        await bench.look()
        await bench.go("findings", kept.id)
        await bench.press("d")
        await bench.fill("desk", "stray", "kim", "")
        view = await bench.settled()
        assert view.question is not None, view.trouble
        for part in (stray.key, stray.secret.reveal()):
            await bench.paste(part)
            assert not bench.sees(stray.secret.reveal())
            await bench.press("enter")
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        assert world.inventory.find_key("examplex/desk/stray").owner == "kim"
        assert world.findings.get(kept.id).state is State.ADOPTED

    at_work(flow)


@sitting
async def test_rotate_leads_to_the_cockpit_with_the_key_of_the_leak(seat: Seat) -> None:
    await seat.press("4")
    leak = next(one for one in seat.app.look_now.picture.findings if one.item.kind is Kind.LEAK)
    seat.app.screen.query_one(Rows).choose(leak.id)
    await seat.press("r")
    assert (seat.app.here, seat.sees("bybit/mm/bot")) == ("rotations", True)


def test_only_what_nobody_registered_can_be_adopted() -> None:
    async def flow(bench: Bench) -> None:
        bench.world.findings.put(item(bench.world, Kind.LEAK, "ops/run.sh:3"))
        await bench.look()
        await bench.press("4", "d")
        assert bench.told("Only a key that nobody registered")
        assert not bench.work.jobs

    at_work(flow)
