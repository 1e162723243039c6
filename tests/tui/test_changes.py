"""What a change costs: a home that changes twenty times a second must neither flicker nor be read over and
over. Everything here is counted, nothing timed."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace

from textual._styles_cache import StylesCache

from keyguard.ports.audit import Entry
from keyguard.tui import log_reading
from keyguard.tui.log_reading import STEP, Kept, News, news
from keyguard.tui.navigation import PLACES
from keyguard.tui.screens import log
from keyguard.tui.widgets.rows import Rows
from tests.tui.desk import desk
from tests.tui.harness import Seat, seated, sitting, source
from tests.tui.painting import Painted, Terminal


def counted(port, name: str) -> list[object]:
    """What the calls of a method of this port give from now on."""
    given: list[object] = []
    real = getattr(port, name)

    def method(*args, **named):
        found = real(*args, **named)
        if not hasattr(found, "__next__"):
            given.append(found)
            return found
        return (given.append(one) or one for one in found)

    setattr(port, name, method)
    return given


def entries(first: int, count: int, text: str = "bybit") -> tuple[Entry, ...]:
    return tuple(Entry(number, f"{text} {number}".encode(), b"") for number in range(first, first + count))


async def painted(seat: Seat, terminal: Terminal) -> Painted:
    """What was painted since this was asked last, with what is still due."""
    await seat.app.workers.wait_for_complete()
    await seat.pilot.pause()
    seat.app.screen._on_timer_update()
    return terminal.reset()


def searched(kept: Kept) -> int:
    """Steps until the search is through."""
    return 1 + sum(1 for _ in iter(kept.step, False))


@sitting
async def test_a_change_that_shows_nowhere_paints_nothing(seat: Seat) -> None:
    terminal = Terminal(seat.app)
    seat.desk.clock.sleep(1)  # past where "in 5 days" becomes "in 4 days"
    seat.desk.changes += 1
    for place in PLACES:
        await seat.app.go(place.name)
        await seat.look()
        await painted(seat, terminal)
        before = seat.app.look_now.picture
        seat.desk.clock.sleep(1)
        seat.desk.changes += 1
        await seat.look()
        assert seat.app.look_now.picture != before
        assert (await painted(seat, terminal)).cells == 0, place.name


@sitting
async def test_a_change_paints_its_own_row_and_no_other(seat: Seat) -> None:
    await seat.press("2")
    rows = seat.app.screen.query_one(Rows)
    terminal = Terminal(seat.app)
    key = next(view.key for view in seat.app.look_now.picture.keys if view.key.id == rows.chosen)
    await painted(seat, terminal)
    for number in range(100, 104):
        seat.desk.lease(key, number, "bot.py")
        await seat.look()
        found = await painted(seat, terminal)
        assert (found.whole, found.rows, found.vain_rows) == (0, 1, 0)


@sitting
async def test_what_was_opened_and_closed_is_let_go(seat: Seat) -> None:
    def kept() -> int:
        gc.collect()
        return sum(isinstance(one, StylesCache) for one in gc.get_objects())

    await seat.press("colon", "escape")
    few = kept()
    for _ in range(3):
        await seat.press("colon", "escape")
    await seat.until(lambda: kept() <= few)  # a closing screen takes its time


def test_many_changes_between_two_looks_are_read_and_shown_once() -> None:
    async def whole() -> None:
        held = desk()
        async with seated(held) as seat:
            asked = counted(held.inventory, "keys")
            terminal = Terminal(seat.app)
            for _ in range(20):
                held.log(1)
            await seat.app.look()
            assert len(asked) == 1
            assert (await painted(seat, terminal)).updates <= 1

    asyncio.run(whole())


def test_a_key_that_is_as_it_was_is_the_same_object_in_the_next_picture() -> None:
    async def whole() -> None:
        held = desk()
        reads = source(held)
        before = (await reads.look()).picture
        key = held.inventory.find_key("bybit/mm/bot")
        held.lease(key, 9, "bot.py")
        after = (await reads.look()).picture
        reads.close()
        other = [view.key.id for view in after.keys if view is not before.by_id[view.key.id]]
        assert other == [key.id]
        assert len(after.by_id[key.id].leases) == len(before.by_id[key.id].leases) + 1

    asyncio.run(whole())


@sitting
async def test_of_a_log_that_grew_only_what_is_new_is_read(seat: Seat) -> None:
    seat.desk.log(30)
    await seat.press("7")
    await seat.look()
    await seat.app.workers.wait_for_complete()
    read = counted(seat.desk.audit, "entries")
    seat.desk.log(2)
    await seat.look()
    await seat.app.workers.wait_for_complete()
    assert [entry.number for entry in read] == [29, 30, 31]
    assert seat.sees("32 of 32 records")


@sitting
async def test_records_that_are_read_stay_where_they_are_while_others_come_and_the_oldest_go(
    seat: Seat,
) -> None:
    seat.desk.log(60)
    await seat.pilot.resize_terminal(80, 24)
    await seat.press("7")
    seat.app.screen._kept = Kept(most=60)
    await seat.look()
    await seat.app.workers.wait_for_complete()
    await seat.press("pageup")
    rows = seat.app.screen.query_one(Rows)
    chosen, terminal = rows.chosen, Terminal(seat.app)
    await painted(seat, terminal)
    before = [strip.text for strip in map(rows.render_line, range(rows.size.height))]
    seat.desk.log(5)
    await seat.look()
    found = await painted(seat, terminal)
    assert seat.app.screen._kept.entries[0].number == 5
    assert rows.chosen == chosen
    assert [strip.text for strip in map(rows.render_line, range(rows.size.height))] == before
    assert (found.whole, found.rows) == (0, 1), "the time above"


def test_of_many_records_only_those_that_are_seen_are_read_apart(monkeypatch) -> None:
    apart = []
    real = log_reading.record
    monkeypatch.setattr(log_reading, "record", lambda entry: apart.append(entry.number) or real(entry))
    log._cells.cache_clear()

    async def whole() -> None:
        held = desk()
        held.log(1)
        (one,) = held.audit._entries
        held.audit._entries = [replace(one, number=number) for number in range(3 * STEP)]
        async with seated(held, size=(120, 36)) as seat:
            await seat.press("7")
            await seat.app.workers.wait_for_complete()
            await seat.pilot.pause()
            assert seat.sees(f"{3 * STEP} of {3 * STEP} records")
            assert seat.app.screen.query_one(Rows).chosen == str(3 * STEP - 1)
            await seat.press("home", "pagedown")

    asyncio.run(whole())
    assert len(set(apart)) < 3 * 36


def test_a_search_goes_on_in_steps_and_what_was_found_before_stays_until_it_is_through() -> None:
    kept = Kept()
    kept.take(News(entries(0, 3 * STEP)))
    kept.search("1")
    assert kept.step()
    assert len(kept.found) == 3 * STEP
    assert searched(kept) == 2
    assert [entry.number for entry in kept.found[:4]] == [1, 10, 11, 12]
    kept.take(News((*entries(3 * STEP, 1, "okx 1"), *entries(3 * STEP + 1, 1, "no"))))
    assert not kept.step()
    assert kept.found[-1].number == 3 * STEP + ("1" in str(3 * STEP + 1))
    kept.search("")
    assert kept.found is kept.entries
    assert not kept.step()


def test_the_oldest_give_way_to_the_newest_in_what_was_found_too() -> None:
    kept = Kept(most=10)
    kept.take(News(entries(0, 10)))
    kept.search("bybit")
    searched(kept)
    kept.take(News(entries(10, 4)))
    searched(kept)
    assert [entry.number for entry in kept.entries] == list(range(4, 14))
    assert kept.found == kept.entries
    assert (kept.where(4), kept.where(13), kept.where(3), kept.where(14)) == (0, 9, -1, -1)


def test_a_log_that_is_another_or_was_pruned_is_read_anew() -> None:
    held = desk()
    held.log(6)
    kept = Kept()
    kept.take(news(held.ports, ()))
    first, last = kept.entries[0], kept.entries[-1]
    assert news(held.ports, (first, last)) == News(())
    assert news(held.ports, (first, replace(last, chain=b"another"))).anew
    held.audit.prune([0])
    assert not news(held.ports, (last, last)).anew
    pruned = news(held.ports, (first, last))
    assert (pruned.anew, [entry.number for entry in pruned.entries]) == (True, [1, 2, 3, 4, 5])
    kept.search("wf3")
    kept.take(pruned)
    searched(kept)
    assert [entry.number for entry in kept.found] == [3]
