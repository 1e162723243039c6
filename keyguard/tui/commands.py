"""What the palette offers: all screens, what can be done here, all keys, settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from keyguard.tui.navigation import PLACES
from keyguard.tui.screens.palette import Entry
from keyguard.tui.themes import THEMES
from keyguard.tui.widgets.bars import key_of
from keyguard.tui.words import LANGUAGES, known

if TYPE_CHECKING:
    from keyguard.tui.app import KeyguardApp


def entries(app: KeyguardApp, keys: Keys) -> list[Entry]:
    """Everything there is, what is done most first."""
    return [*_here(app), *_places(app), *_settings(app), *keys(app)]


def _here(app: KeyguardApp) -> Iterator[Entry]:
    """What this screen's own keys do, then what the app's do."""
    say, told = app.say, set()
    for active in app.screen.active_bindings.values():
        binding = active.binding
        if not active.enabled or binding.action in told or not known(binding.description):
            continue
        if binding.description.startswith(("places.", "rows.")) or binding.action == "app.palette":
            continue
        told.add(binding.action)
        own = active.node is not app
        what = say("palette.action" if own else "palette.everywhere")
        do: Callable[[], Awaitable[object]] = partial(app.run_action, binding.action, active.node)
        yield _entry(say(binding.description), what, app.get_key_display(binding), _plainly(do))


def _places(app: KeyguardApp) -> Iterator[Entry]:
    for place in PLACES:
        title = app.say(f"places.{place.name}")
        yield _entry(title, app.say("palette.screen"), key_of(place), partial(app.go, place.name))


def _settings(app: KeyguardApp) -> Iterator[Entry]:
    what = app.say("palette.setting")
    for name in THEMES:
        yield _entry(app.say(f"palette.theme_{name}"), what, "", _later(partial(app.dress, name)))
    for language in LANGUAGES:
        title = app.say(f"palette.language_{language}")
        yield _entry(title, what, "", _later(partial(app.speak, language)))


class Keys:
    """The entries of all keys, made again when keys came or went: with thousands that takes its time."""

    def __init__(self) -> None:
        self._made_for: tuple[list[tuple[str, str]], str] = ([], "")
        self._entries: list[Entry] = []

    def __call__(self, app: KeyguardApp) -> list[Entry]:
        """A line for each key; it opens the key's page."""
        picture, what = app.look_now.picture, app.say("palette.key")
        names = [] if picture is None else [(view.key.name, view.key.id) for view in picture.keys]
        if self._made_for != (names, what):
            self._entries = [
                _entry(name, what, "", partial(app.go, "keys", key_id)) for name, key_id in names
            ]
            self._made_for = (names, what)
        return self._entries


def _entry(title: str, what: str, key: str, do: Callable[[], Awaitable[None]]) -> Entry:
    return Entry(title, what, key, do, f"{title} {what}".lower())


def _plainly(do: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
    async def done() -> None:
        await do()

    return done


def _later(do: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    async def done() -> None:
        do()

    return done
