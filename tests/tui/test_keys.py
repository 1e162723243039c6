"""Keys: filter as you type, groups, a key's page."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from textual.events import Key as KeyPressed

from keyguard.tui.screens.key import KeyPage
from keyguard.tui.source import Source
from keyguard.tui.widgets.rows import Rows
from tests.tui.desk import HOME, RUNNING, desk
from tests.tui.harness import Seat, seated, sitting


def names(seat: Seat) -> list[str]:
    return [line.split()[0] for line in seat.seen() if line.count("/") >= 2 and "·" not in line[:4]]


@sitting
async def test_all_keys_with_what_they_may_and_when_they_end(seat: Seat) -> None:
    await seat.press("2")
    assert len(names(seat)) == 12
    await seat.pictures("all keys by name")


@sitting
async def test_a_filter_narrows_with_every_letter(seat: Seat) -> None:
    await seat.press("2", "slash")
    await seat.type("krw")
    assert names(seat) == ["bithumb/krw/maker", "coinone/krw/maker", "upbit/krw/메이커"]
    await seat.type(" high")
    assert names(seat) == ["upbit/krw/메이커"]
    await seat.press("enter", "enter")
    assert seat.sees("What it may do")
    await seat.press("escape", "escape")
    assert len(names(seat)) == 12


@sitting
async def test_what_is_typed_fast_after_the_slash_reaches_the_filter(seat: Seat) -> None:
    await seat.press("2")
    for key in ("slash", "k", "r", "w", "slash"):
        seat.app.post_message(KeyPressed(key, "/" if key == "slash" else key))
    await seat.press("m")
    assert names(seat) == ["bithumb/krw/maker", "coinone/krw/maker"]


@sitting
async def test_what_is_typed_while_the_screen_still_opens_reaches_the_filter(seat: Seat) -> None:
    for key, char in (("2", "2"), ("slash", "/"), ("k", "k"), ("r", "r"), ("w", "w"), ("2", "2")):
        seat.app.post_message(KeyPressed(key, char))
    await seat.press("backspace")
    assert len(names(seat)) == 3
    await seat.press("enter")
    assert isinstance(seat.app.focused, Rows), "Enter leads from the filter to what it left"


@sitting
async def test_what_looks_like_a_secret_is_not_taken_into_the_filter(seat: Seat) -> None:
    from textual.events import Paste

    await seat.press("2", "slash")
    seat.app.focused.post_message(Paste("FAKE" + "a1" * 20))
    await seat.pilot.pause()
    assert not seat.sees("FAKE")
    seat.app.focused.post_message(Paste("kraken"))
    await seat.pilot.pause()
    assert names(seat) == ["kraken/vol/spot"]


@sitting
async def test_groups_have_titles_that_the_cursor_passes_over(seat: Seat) -> None:
    await seat.press("2", "v", "v", "v", "v")
    assert seat.sees("!! high · 3")
    rows = seat.app.screen.query_one(Rows)
    seen = set()
    for _ in range(20):
        seen.add(rows.chosen)
        await seat.pilot.press("down")
    assert "" not in seen
    await seat.pictures("keys grouped by danger")


@sitting
async def test_a_page_says_how_each_thing_is_known(seat: Seat) -> None:
    await seat.app.go("keys", "bybit/mm/bot")
    await seat.pilot.pause()
    await seat.app.workers.wait_for_complete()
    await seat.pilot.pause()
    assert seat.sees("WITHDRAW")
    assert seat.sees("reported by the venue")
    assert seat.sees("hedger.py")
    await seat.pictures("page of a key with findings and hand-outs")


@sitting
async def test_a_key_that_is_gone_meanwhile_is_said_to_be_gone(seat: Seat) -> None:
    await seat.app.go("keys", "kraken/vol/spot")
    await seat.pilot.pause()
    seat.desk.inventory.remove_key(seat.desk.inventory.find_key("kraken/vol/spot").id)
    seat.desk.changes += 1
    await seat.look()
    assert seat.sees("This key is not there any more.")


def test_what_is_read_for_a_page_that_was_closed_meanwhile_is_dropped() -> None:
    held, may_read = desk(), threading.Event()
    reads = Source(lambda: contextlib.nullcontext(held.ports), lambda: HOME, lambda: RUNNING)
    ask = reads.ask

    def waiting(read):
        return ask(lambda ports: (may_read.wait(), read(ports))[1])

    async def whole() -> None:
        async with seated(held, of=reads) as seat:
            reads.ask = waiting
            picture = seat.app.look_now.picture
            page = KeyPage(picture.keys[0].key.id)
            assert not page.stands
            page.freshen()  # a new picture may come before it is mounted
            await seat.app.push_screen(page)
            reading = asyncio.create_task(page._read(picture))
            closing = seat.app.pop_screen()
            assert page.stands
            await closing
            assert not page.stands
            may_read.set()
            await reading
            page.freshen()
            page.on_resize()
            assert seat.app.broke is None

    asyncio.run(whole())
