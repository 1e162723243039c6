"""Where a secret comes in: by paste or typed, never shown, never handed back to a clipboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.message import Message
from textual.widget import Widget

from keyguard.core.secret import Secret
from keyguard.tui.cells import plain

if TYPE_CHECKING:
    from textual import events
    from textual.content import Content

    from keyguard.tui.words import Words

MASK = "●" * 8
"""As long for every secret: its length is nobody's business."""
LONGEST = 64 * 1024


class PasteField(Widget, can_focus=True):
    """Holds what was pasted until `take`, and shows only whether there is anything.

    It is no text field: nothing in it can be selected, copied or cut, and no message carries what it holds.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    PasteField { height: 3; border: round $foreground 50%; padding: 0 1; }
    PasteField:focus { border: round $primary; }
    """
    BINDINGS: ClassVar = [
        Binding("enter", "done", "paste.done"),
        Binding("ctrl+u,delete", "clear", "paste.clear"),
        Binding("backspace", "shorten", "paste.shorten", show=False),
        Binding(
            "ctrl+c,ctrl+x,super+c,super+x,ctrl+insert,shift+delete", "refuse", "paste.refuse", show=False
        ),
    ]

    @dataclass
    class Done(Message):
        """Enter was pressed with something in the field: `field.take()` gives it."""

        field: PasteField

    def __init__(self, say: Words, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._say = say
        self.__held: list[str] = []

    @property
    def empty(self) -> bool:
        """Whether nothing was entered."""
        return not self.__held

    def take(self) -> Secret:
        """What was entered, once: the field is empty afterwards. Ends of lines around it are dropped."""
        held = "".join(self.__held).strip("\r\n")
        self.action_clear()
        return Secret(held)

    def render(self) -> Content:
        """A mask, or what to do."""
        return plain(self._say("paste.empty") if self.empty else MASK)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Every character is for the field."""
        return character is not None and character.isprintable()

    def on_paste(self, event: events.Paste) -> None:
        """Take what is pasted; what is longer than any key is refused whole."""
        event.stop()
        event.prevent_default()
        if sum(map(len, self.__held)) + len(event.text) <= LONGEST:
            self.__held.append(event.text)
            self.refresh()
        else:
            self.app.notify(self._say("paste.too_long"), markup=False)

    def on_key(self, event: events.Key) -> None:
        """Typed is as good as pasted, for a passphrase that stands on no screen."""
        if event.is_printable and event.character is not None:
            event.stop()
            event.prevent_default()
            self.__held.append(event.character)
            self.refresh()

    def action_done(self) -> None:
        """Say that it is complete."""
        if not self.empty:
            self.post_message(self.Done(self))

    def action_clear(self) -> None:
        """Forget what was entered."""
        self.__held.clear()
        self.refresh()

    def action_shorten(self) -> None:
        """Take the last character, or the whole of what was pasted last, away."""
        if self.__held:
            self.__held.pop()
            self.refresh()

    def action_refuse(self) -> None:
        """Nothing is copied or cut here, and that is said."""
        self.app.notify(self._say("paste.refused"), markup=False)
