"""The app: which screen is shown, in which language and theme, and what is known of home and daemon."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.binding import Binding

from keyguard.tui.navigation import NAMES, PLACES
from keyguard.tui.page import Page
from keyguard.tui.picture import DaemonView, Look
from keyguard.tui.themes import THEMES
from keyguard.tui.words import Words, known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.app import SystemCommand
    from textual.screen import Screen

    from keyguard.tui.source import Source

LOOK_S = 0.5
DAEMON_S = 2.0
REST = 4
"""Reading takes at most one part in so many of the time: keys come first."""


class KeyguardApp(App[None]):
    """Shows one home.

    `source` reads it. `live` False: it looks only when told to (`look`), for tests. `ticks` counts seconds
    for the idle lock.
    """

    CSS_PATH = "style.tcss"
    TITLE = "keyguard"
    ENABLE_COMMAND_PALETTE = False  # ours has everything, in the person's language, and no screenshot
    ALLOW_SELECT = False
    DEFAULT_MODE = "home"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {place.name: place.make for place in PLACES}
    BINDINGS: ClassVar = [
        *(
            Binding(place.key, f"app.go('{place.name}')", f"places.{place.name}", show=False)
            for place in PLACES
        ),
        Binding("question_mark,f1", "app.help", "shell.key_help", key_display="?"),
        Binding("ctrl+p,colon", "app.palette", "shell.key_palette", key_display=":"),
        Binding("ctrl+l", "app.lock", "shell.key_lock", show=False),
        Binding("ctrl+q", "app.quit", "shell.key_quit", priority=True),
    ]

    def __init__(
        self,
        source: Source,
        *,
        language: str = "en",
        theme: str = "dark",
        live: bool = True,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.source = source
        self.say = Words(language)
        self.look_now = Look(None)
        self.daemon_now = DaemonView()
        self.broke: Exception | None = None
        """What ended the app, if anything but the person did."""
        self._live, self._ticks = live, ticks
        for made in THEMES.values():
            self.register_theme(made)
        self.theme = THEMES[theme].name

    @property
    def here(self) -> str:
        """The name of the place that is shown."""
        return self.current_mode

    def on_mount(self) -> None:
        """Begin to look, once the first frame is painted."""
        if self._live:
            self.call_after_refresh(self._begin)

    def on_unmount(self) -> None:
        """Leave the home."""
        self.source.close()

    def _begin(self) -> None:
        self.run_worker(self._keep_looking(), group="home")
        self.run_worker(self._keep_asking(), group="daemon")

    async def _keep_looking(self) -> None:
        import asyncio  # noqa: PLC0415 - Textual has loaded it

        while True:
            begin = time.monotonic()
            await self.look()
            await asyncio.sleep(max(LOOK_S, REST * (time.monotonic() - begin)))

    async def _keep_asking(self) -> None:
        import asyncio  # noqa: PLC0415 - as above

        while True:
            await self.ask_daemon()
            await asyncio.sleep(DAEMON_S)

    async def look(self) -> None:
        """Read the home if it has changed, and show what is new."""
        self.look_now = await self.source.look()
        self._freshen()

    async def ask_daemon(self) -> None:
        """Ask the daemon how it does, and show that."""
        self.daemon_now = await self.source.daemon()
        self._freshen()

    def _freshen(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Page):
                screen.freshen()

    async def action_go(self, name: str, target: str = "") -> None:
        """Show a place; `target` is what to move to there."""
        await self.go(name, target)

    async def go(self, name: str, target: str = "") -> None:
        """Show the place of this name, closing what was opened from it; `target` is what to move to there."""
        assert name in NAMES, name
        if name == self.current_mode:
            while len(self.screen_stack) > 1:
                await self.pop_screen()
        else:
            await self.switch_mode(name)
        screen = self.screen
        if isinstance(screen, Page):
            screen.freshen()
            if target:
                screen.aim(target)

    def speak(self, language: str) -> None:
        """Go on in another language."""
        self.say = Words(language)
        self._freshen()

    def keys_here(self) -> Iterable[tuple[str, str, str]]:
        """What keys do here, those of the screen first: action, key, label in the language spoken."""
        told = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            shown = binding.show and active.enabled and known(binding.description)
            if shown and binding.action not in told:
                told.add(binding.action)
                yield binding.action, self.get_key_display(binding), self.say(binding.description)

    def action_help_quit(self) -> None:
        """Ctrl+C, which in a terminal ends things: here it says what does."""
        self.notify(self.say("shell.quit_by"), markup=False)

    def action_help(self) -> None:
        """Say what this screen is for and what its keys do."""

    def action_palette(self) -> None:
        """Open the palette."""

    def action_lock(self) -> None:
        """Hide everything until somebody comes back."""

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
