"""What is shown while nobody is there: nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static

from keyguard.tui.cells import plain
from keyguard.tui.widgets.paste import PasteField

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult

    from keyguard.core.secret import Secret
    from keyguard.tui.words import Words


class LockScreen(Screen[None]):
    """Covers everything. `opens`: whether a passphrase is the store's; None where the store has none.

    It protects what is shown, not the terminal: whoever sits there can end the program and use the shell.
    """

    DEFAULT_CSS = """
    LockScreen { align: center middle; background: $background; }
    LockScreen Vertical { width: 64; height: auto; }
    LockScreen Static { width: 1fr; text-align: center; margin-bottom: 1; }
    """
    BINDINGS: ClassVar = [Binding("enter,space,escape", "back", "lock.back")]

    def __init__(self, say: Words, opens: Callable[[Secret], Awaitable[bool]] | None) -> None:
        super().__init__()
        self._say, self._opens = say, opens

    def compose(self) -> ComposeResult:
        """What to do to get back."""
        with Vertical():
            yield Static(plain(self._say("lock.title"), "bold"))
            told = "lock.press" if self._opens is None else "lock.passphrase"
            yield Static(plain(self._say(told)), id="told")
            if self._opens is not None:
                yield PasteField(self._say)

    def action_back(self) -> None:
        """Where the store has no passphrase there is nothing to ask."""
        if self._opens is None:
            self.dismiss(None)

    async def on_paste_field_done(self, event: PasteField.Done) -> None:
        """Try the passphrase."""
        assert self._opens is not None
        told = self.query_one("#told", Static)
        told.update(plain(self._say("lock.trying")))
        if await self._opens(event.field.take()):
            self.dismiss(None)
        else:
            told.update(plain(self._say("lock.wrong")))
