"""The palette: every screen, key and action by its name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical

from keyguard.tui.widgets.filter import FilterField, matches
from keyguard.tui.widgets.modal import Modal
from keyguard.tui.widgets.rows import Cell, Column, Line, Rows

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.widgets import Input

    from keyguard.tui.words import Words

MOST = 200
"""Lines that are offered at once; who looks for another types more of its name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to do. `key`: what does it without the palette, "" for nothing. `text`: what typing is
    compared with, in small letters."""

    title: str
    what: str
    key: str
    do: Callable[[], Awaitable[None]]
    text: str


class Palette(Modal[Entry | None]):
    """Type to narrow, Enter to do it."""

    DEFAULT_CSS = """
    Palette { align: center top; }
    Palette Vertical { width: 80%; max-width: 100; height: 80%; margin-top: 2; border: round $primary;
        background: $surface; }
    Palette Rows { background: $surface; }
    """
    BINDINGS: ClassVar = [
        Binding("escape", "dismiss(None)", "palette.close"),
        Binding("down", "down(1)", "rows.down", show=False, priority=True),
        Binding("up", "down(-1)", "rows.up", show=False, priority=True),
    ]

    def __init__(self, entries: Sequence[Entry], say: Words) -> None:
        super().__init__()
        self._entries = entries
        self._offered: Sequence[Entry] = ()
        self._say = say

    def compose(self) -> ComposeResult:
        """A line to type in, and what it leaves."""
        with Vertical() as frame:
            frame.border_title = self._say("palette.title")
            yield FilterField(id="wanted")
            rows = Rows(id="offered", titles=False)
            rows.can_focus = False
            rows.set_columns((Column("", 20, grow=3), Column("", 8, grow=1, rank=1), Column("", 6, rank=2)))
            yield rows

    def on_mount(self) -> None:
        """Offer everything."""
        self.query_one(FilterField).placeholder = self._say("palette.hint")
        self._offer("")

    def on_key(self, event: events.Key) -> None:
        """What is typed before the line has the focus is typed into it all the same."""
        field = self.query_one(FilterField)
        if event.is_printable and event.character is not None and not field.has_focus:
            event.stop()
            field.insert_text_at_cursor(event.character)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Offer what matches."""
        self._offer(event.value)

    def on_input_submitted(self) -> None:
        """Do what has the cursor."""
        chosen = self.query_one(Rows).chosen
        if chosen:
            self.dismiss(self._offered[int(chosen)])

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """A click does it too."""
        self.dismiss(self._offered[int(event.id)])

    def action_down(self, by: int) -> None:
        """Move the cursor of the list; the line keeps the focus."""
        self.query_one(Rows).action_move(by)

    def _offer(self, typed: str) -> None:
        words = typed.lower().split()
        found = [entry for entry in self._entries if matches(entry.text, words)]
        if words:
            found.sort(key=lambda entry: not entry.text.startswith(words[0]))
        self._offered = found[:MOST]
        rows = self.query_one(Rows)
        rows.fill([_line(number, entry) for number, entry in enumerate(self._offered)])
        if self._offered:
            rows.choose("0")


def _line(number: int, entry: Entry) -> Line:
    return Line(str(number), lambda: (Cell(entry.title), Cell(entry.what, "dim"), Cell(entry.key, "key")))
