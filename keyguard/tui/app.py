"""The app: which screen is shown, in which language and theme, and what is known of home and daemon."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App
from textual.binding import Binding

from keyguard.tui.navigation import NAMES, PLACES
from keyguard.tui.page import Page
from keyguard.tui.picture import DaemonView, Look
from keyguard.tui.pulse import Pulse
from keyguard.tui.themes import THEMES
from keyguard.tui.widgets.bars import key_of
from keyguard.tui.widgets.rows import MOVES
from keyguard.tui.words import Words, known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.app import SystemCommand
    from textual.screen import Screen

    from keyguard.tui.commands import Keys
    from keyguard.tui.exporting import Exporter
    from keyguard.tui.panicking import Panicking
    from keyguard.tui.screens.palette import Entry
    from keyguard.tui.source import Source
    from keyguard.tui.work import Work

LOOK_S = 0.5
DAEMON_S = 2.0
IDLE_S = 5.0
REST = 4
"""Between two readings it rests so many times as long as one kept the processor: keys come first."""

_WHILE_LOCKED = frozenset({"quit", "help_quit", "focus_next", "focus_previous"})


class KeyguardApp(App[None]):
    """Shows one home.

    `source` reads it; `work` changes it, `panicking` ends its keys, `exporter` has its attestations; None:
    nothing here does. `read_only`: it
    is only looked at, which every screen says. `lock_after_s` without key or mouse it locks itself, 0: never;
    `ticks` counts those seconds. `live` False: it looks only when told to (`look`), for tests.
    """

    CSS_PATH = "style.tcss"
    TITLE = "keyguard"
    ENABLE_COMMAND_PALETTE = False  # ours has everything, in the person's language, and no screenshot
    ALLOW_SELECT = False
    DEFAULT_MODE = "home"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {place.name: place.make for place in PLACES}
    BINDINGS: ClassVar = [
        *(
            # Priority: what is typed right after belongs to the screen that opens.
            Binding(
                place.key,
                f"app.go('{place.name}', '', True)",
                f"places.{place.name}",
                show=False,
                priority=True,
            )
            for place in PLACES
        ),
        Binding("question_mark,f1", "app.help", "shell.key_help", key_display="?"),
        # Priority: what is typed right after must reach the palette.
        Binding("colon", "app.palette(True)", "shell.key_palette", key_display=":", priority=True),
        Binding("ctrl+p", "app.palette", "shell.key_palette", show=False, priority=True),
        Binding("ctrl+l", "app.lock", "shell.key_lock", show=False),
        Binding("ctrl+q", "app.quit", "shell.key_quit", priority=True),
    ]

    def __init__(
        self,
        source: Source,
        *,
        work: Work | None = None,
        panicking: Panicking | None = None,
        exporter: Exporter | None = None,
        read_only: bool = False,
        language: str = "en",
        theme: str = "dark",
        lock_after_s: float = 0.0,
        live: bool = True,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.source, self.work = source, work
        self.panicking, self.exporter = panicking, exporter
        self.read_only = read_only
        self.say = Words(language)
        self.look_now = Look(None)
        self.daemon_now = DaemonView()
        self.pulse = Pulse()
        self._palette_keys: Keys | None = None
        self.broke: Exception | None = None
        """What ended the app, if anything but the person did."""
        self._live, self._ticks = live, ticks
        self._lock_after_s, self._touched, self._locked = lock_after_s, ticks(), False
        for made in THEMES.values():
            self.register_theme(made)
        self.theme = THEMES[theme].name

    @property
    def live(self) -> bool:
        """Whether time goes by on its own."""
        return self._live

    @property
    def here(self) -> str:
        """The name of the place that is shown."""
        return self.current_mode

    async def on_mount(self) -> None:
        """Begin to look, once the first frame is painted."""
        import asyncio  # noqa: PLC0415 - Textual has loaded it

        # In Python's development mode slow callbacks are logged with what they were given: events.
        asyncio.get_running_loop().set_debug(False)
        if self._live:
            self.call_after_refresh(self._begin)

    def on_unmount(self) -> None:
        """Leave the home; what is under way goes on from the journal another time."""
        if self.work is not None:
            self.work.close()
        self.source.close()

    def _begin(self) -> None:
        self.run_worker(self._keep_looking(), group="home")
        self.run_worker(self._keep_asking(), group="daemon")
        self.set_interval(IDLE_S, self.lock_if_idle)

    async def _keep_looking(self) -> None:
        import asyncio  # noqa: PLC0415 - Textual has loaded it

        while True:
            await self.look()
            await asyncio.sleep(max(LOOK_S, REST * self.source.look_cost_s))

    async def _keep_asking(self) -> None:
        import asyncio  # noqa: PLC0415 - as above

        while True:
            await self.ask_daemon()
            await asyncio.sleep(DAEMON_S)

    async def look(self) -> None:
        """Read the home if it has changed, and show what is new."""
        self.look_now = await self.source.look()
        if self.look_now.picture is not None:
            self.pulse.beat(self.look_now.picture, self.look_now.at or self.look_now.picture.at)
        self._freshen()

    async def ask_daemon(self) -> None:
        """Ask the daemon how it does, and show that."""
        self.daemon_now = await self.source.daemon()
        self._freshen()

    def _freshen(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Page):
                screen.freshen()

    async def action_go(self, name: str, target: str = "", typed: bool = False) -> None:
        """Show a place; `target` is what to move to there. `typed`: by a character, which in a text field is
        that character."""
        await self.go(name, target)

    async def go(self, name: str, target: str = "") -> None:
        """Show the place of this name, as it was left; `target` is what to move to there. With one, and where
        the place is shown already, what was opened from it is closed."""
        assert name in NAMES, name
        if self._locked:
            return
        back = name == self.current_mode
        if not back:
            await self.switch_mode(name)
        while (back or target) and len(self.screen_stack) > 1:
            await self.pop_screen()
        screen = self.screen
        if isinstance(screen, Page):
            screen.freshen()
            if target:
                screen.aim(target)

    def dress(self, theme: str) -> None:
        """Go on in the theme of this name."""
        self.theme = THEMES[theme].name

    def speak(self, language: str) -> None:
        """Go on in another language."""
        self.say = Words(language)
        self._freshen()

    def keys_here(self, *, hidden: bool = False) -> Iterable[tuple[str, str, str]]:
        """What keys do here, those of the screen first: action, key, label in the language spoken.

        `hidden`: those too that the bottom line leaves out.
        """
        told = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            shown = (hidden or binding.show) and active.enabled and known(binding.description)
            if shown and binding.action not in told:
                told.add(binding.action)
                yield binding.action, self.get_key_display(binding), self.say(binding.description)

    def action_help_quit(self) -> None:
        """Ctrl+C, which in a terminal ends things: here it says what does."""
        self.notify(self.say("shell.quit_by"), markup=False)

    def action_help(self) -> None:
        """Say what this screen is for and what its keys do."""
        if self.locked or not isinstance(self.screen, Page):
            return
        from keyguard.tui.screens.help import Help  # noqa: PLC0415 - when first wanted

        name = f"places.{self.here}"
        keys = [one for one in self.keys_here(hidden=True) if not one[1].isdigit() and one[1] != "!"]
        here = [(key, label) for _, key, label in sorted(keys, key=lambda one: one[0] in MOVES)]
        places = [(key_of(place), self.say(f"places.{place.name}_help")) for place in PLACES]
        self.push_screen(Help(self.say(name), self.say(f"{name}_help"), here, places, self.say))

    def action_palette(self, typed: bool = False) -> None:
        """Open the palette. `typed`: by a character, which in a text field is that character."""
        if self.locked or not isinstance(self.screen, Page):
            return
        from keyguard.tui.commands import Keys, entries  # noqa: PLC0415 - when first wanted
        from keyguard.tui.screens.palette import Palette  # noqa: PLC0415 - when first wanted

        if self._palette_keys is None:
            self._palette_keys = Keys()
        self.push_screen(Palette(entries(self, self._palette_keys), self.say), self._do)

    async def _do(self, entry: Entry | None) -> None:
        if entry is not None:
            await entry.do()

    @property
    def locked(self) -> bool:
        """Whether the lock covers the screens."""
        return self._locked

    def action_lock(self) -> None:
        """Hide everything until somebody comes back."""
        if self._locked:
            return
        from keyguard.tui.screens.lock import LockScreen  # noqa: PLC0415 - when first wanted

        self._locked = True
        self.clear_notifications()
        self.push_screen(LockScreen(self.say, self.source.opens), self._unlocked)

    def _unlocked(self, _: None) -> None:
        self._locked = False
        self._touched = self._ticks()
        self._freshen()

    def lock_if_idle(self) -> None:
        """Lock where nobody has touched key or mouse for as long as was chosen."""
        if self._lock_after_s and self._ticks() - self._touched >= self._lock_after_s:
            self.action_lock()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing but quitting while locked, and characters belong to the field one types in."""
        field = self.focused if self.screen_stack else None
        if action in ("palette", "go") and parameters[-1:] == (True,):
            if action == "go" and not isinstance(self.screen, Page):
                return False
            if field and field.check_consume_key("colon", ":"):
                return False
        return not self._locked or action in _WHILE_LOCKED

    async def on_event(self, event: events.Event) -> None:
        """Note that somebody is there."""
        if isinstance(event, events.InputEvent):
            self._touched = self._ticks()
        await super().on_event(event)

    # What Textual offers and could carry something out of here, is off.

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """None: the palette is ours."""
        return ()

    def copy_to_clipboard(self, text: str) -> None:
        """Copies nothing: what a field holds must not reach the clipboards of machine or terminal."""

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Takes none."""

    def save_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str:
        """Saves none."""
        return ""

    def deliver_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str | None:
        """Delivers none."""
        return None

    def delay_update(self, delay: float = 0.05) -> None:
        """Show a screen at once: holding the frame back for 50 ms is the whole time a key may take."""

    def _handle_exception(self, error: Exception) -> None:
        """Remember what broke."""
        self.broke = self.broke or error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """End without Textual's traceback, which prints local variables; `run` raises the error itself."""
        self._close_messages_no_wait()
