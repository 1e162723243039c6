"""Palette, help, lock: what is there on every screen."""

from __future__ import annotations

import asyncio

import pytest
from textual.events import Key, Paste

from keyguard.core.secret import Secret
from keyguard.tui.navigation import PLACES
from keyguard.tui.picture import DaemonState, DaemonView
from keyguard.tui.screens.lock import LockScreen
from keyguard.tui.themes import THEMES
from keyguard.tui.widgets.paste import PasteField
from tests.tui.desk import desk
from tests.tui.harness import Seat, seated, sitting, source

ONE = {"languages": ("en",), "sizes": ((120, 36),)}
PASSPHRASE = "FAKE passphrase, not of any store"


@sitting
async def test_the_palette_leads_to_a_key_by_a_part_of_its_name(seat: Seat) -> None:
    await seat.press("colon")
    await seat.type("krak")
    await seat.press("enter")
    await seat.pilot.pause()
    assert (seat.app.here, seat.sees("kraken/vol/spot")) == ("keys", True)


@sitting
async def test_what_is_typed_fast_after_the_colon_reaches_the_palette(seat: Seat) -> None:
    for key in ("colon", "k", "r", "a", "k"):
        seat.app.post_message(Key(key, ":" if key == "colon" else key))
    await seat.press("enter")
    await seat.pilot.pause()
    assert (seat.app.here, seat.sees("kraken/vol/spot")) == ("keys", True)


@sitting
async def test_the_palette_does_what_the_screens_own_keys_do(seat: Seat) -> None:
    await seat.press("2", "ctrl+p")
    await seat.type("group")
    await seat.press("enter")
    await seat.pilot.pause()
    assert seat.sees("by venue")


@sitting
async def test_the_palette_changes_language_and_theme(seat: Seat) -> None:
    for typed in ("korean", "테마: 밝게"):
        await seat.press("colon")
        await seat.type(typed)
        await seat.press("enter")
        await seat.pilot.pause()
    assert seat.sees("할 일")
    assert seat.app.theme == "keyguard-light"


@sitting
async def test_the_palette_offers_everything_and_no_screenshot(seat: Seat) -> None:
    await seat.press("colon")
    for place in PLACES:
        assert seat.sees(seat.app.say(f"places.{place.name}"))
    await seat.type("screenshot")
    assert not seat.app.screen.query_one("#offered").chosen
    await seat.press("escape")
    await seat.sheets("commands by name", "colon")


@pytest.mark.parametrize("theme", [name for name in THEMES if name != "dark"])
def test_every_theme_shows_levels_notices_headings_and_what_is_good(theme: str) -> None:
    async def whole() -> None:
        held = desk()
        held.incident("bybit/mm/bot", "a laptop with this key was lost")
        held.incident("okx/mm/hedge", "a configuration file was pushed", closed=True)
        reads = source(held, DaemonView(DaemonState.ABSENT))
        async with seated(held, of=reads, theme=theme) as seat:
            await seat.pictures(f"what needs somebody, theme {theme}", **ONE)
            await seat.press("0")
            await seat.until(lambda: seat.sees("frozen"))
            await seat.pictures(f"incidents, theme {theme}", **ONE)

    asyncio.run(whole())


@sitting
async def test_help_says_what_a_screen_is_for_and_what_keys_do(seat: Seat) -> None:
    await seat.press("2")
    await seat.sheets("help for the list of keys", "question_mark")
    assert seat.sees("Every key of every desk.")
    assert seat.sees("Filter")
    await seat.press("escape")
    for place in PLACES[::5]:
        await seat.press(place.key, "question_mark")
        assert seat.sees(seat.app.say("help.keys"))
        await seat.press("escape")


def locking(ticks, opens=None, **options):
    held = desk()
    reads = source(held)
    if opens is not None:
        reads._opens = opens
    return seated(held, of=reads, ticks=ticks, **options)


def test_it_locks_itself_when_nobody_touches_it_and_any_key_puts_that_off() -> None:
    now = [0.0]

    async def whole() -> None:
        async with locking(lambda: now[0], lock_after_s=600) as seat:
            now[0] = 599
            seat.app.lock_if_idle()
            assert not seat.app.locked
            await seat.press("down")
            now[0] = 1198
            seat.app.lock_if_idle()
            assert not seat.app.locked
            now[0] = 1199
            seat.app.lock_if_idle()
            await seat.pilot.pause()
            assert seat.app.locked
            assert not any("bybit" in line or "Hanbit" in line for line in seat.seen())
            await seat.press("2", "colon", "question_mark", "exclamation_mark")
            assert isinstance(seat.app.screen, LockScreen)
            await seat.press("enter")
            assert seat.sees("bybit/mm/bot")

    asyncio.run(whole())


def test_a_store_with_a_passphrase_opens_the_lock_by_it_alone() -> None:
    async def whole() -> None:
        async with locking(lambda: 0.0, lambda given: given == Secret(PASSPHRASE)) as seat:
            seat.app.speak("ko")
            await seat.press("ctrl+l")
            await seat.pictures("locked until the passphrase is given", languages=("ko",))
            await seat.type(PASSPHRASE)
            await seat.press("enter")
            await seat.pilot.pause()
            seat.app.speak("en")
            await seat.press("ctrl+l")
            assert seat.sees("Enter the passphrase")
            await seat.pictures("locked until the passphrase is given", languages=("en",))
            await seat.press("enter", "escape", "x", "enter")
            await seat.pilot.pause()
            assert seat.app.locked
            seat.app.screen.query_one(PasteField).post_message(Paste(PASSPHRASE + "\n"))
            await seat.pilot.pause()
            assert not seat.sees("FAKE")
            await seat.press("enter")
            await seat.pilot.pause()
            assert not seat.app.locked

    asyncio.run(whole())


@pytest.mark.parametrize("keys", ["ctrl+c", "ctrl+x", "ctrl+insert", "shift+delete"])
def test_what_is_in_the_field_for_secrets_reaches_neither_screen_nor_clipboard(keys: str) -> None:
    async def whole() -> None:
        async with locking(lambda: 0.0, lambda given: False) as seat:
            await seat.press("ctrl+l")
            field = seat.app.screen.query_one(PasteField)
            field.post_message(Paste("FAKE" * 9))
            await seat.press(keys)
            assert seat.app.clipboard == ""
            assert [n.message for n in seat.app._notifications] == ["Nothing can be copied or cut from here."]
            assert "FAKE" not in "".join(seat.seen()) + seat.app.export_screenshot() + repr(field)
            assert field.take() == Secret("FAKE" * 9)
            assert field.empty

    asyncio.run(whole())


@sitting
async def test_nothing_of_a_screen_is_saved_or_copied(seat: Seat) -> None:
    seat.app.copy_to_clipboard("anything")
    seat.app.action_screenshot()
    assert (seat.app.clipboard, seat.app.save_screenshot(), seat.app.deliver_screenshot()) == ("", "", None)
    assert list(seat.app.get_system_commands(seat.app.screen)) == []
