"""Help: what this screen is for, and what every key does here."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from keyguard.core.escape import escape
from keyguard.tui.cells import plain
from keyguard.tui.widgets.modal import Modal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from keyguard.tui.words import Words

_KEY = 12
"""Cells of a key."""


class Help(Modal[None]):
    """Read it, then any of the usual keys closes it."""

    DEFAULT_CSS = """
    Help { align: center middle; }
    Help VerticalScroll { width: 84%; max-width: 96; height: auto; max-height: 90%; border: round $primary;
        background: $surface; padding: 0 2; }
    Help .title { margin-top: 1; }
    """
    BINDINGS: ClassVar = [Binding("escape,question_mark,q,enter", "dismiss(None)", "palette.close")]

    def __init__(
        self,
        title: str,
        text: str,
        here: Sequence[tuple[str, str]],
        places: Sequence[tuple[str, str]],
        say: Words,
    ) -> None:
        super().__init__()
        self._title, self._text, self._here, self._places, self._say = title, text, here, places, say

    def compose(self) -> ComposeResult:
        """Text first, then keys, in the order they are read aloud."""
        with VerticalScroll() as frame:
            frame.border_title = plain(self._title)
            yield Static(plain(self._text))
            for title, keys in (("help.keys", self._here), ("help.places", self._places)):
                yield Static(plain(self._say(title), "bold"), classes="title")
                yield Static(_table(keys))
            yield Static(plain(self._say("help.origins")), classes="title")


def _table(keys: Sequence[tuple[str, str]]) -> Table:
    """Each key beside what it does, which stays in its column where it takes several lines."""
    table = Table.grid(padding=(0, 2))
    table.add_column(width=_KEY, no_wrap=True, style="bold")
    table.add_column()
    for key, label in keys:
        table.add_row(Text(f"  {escape(key)}"), Text(escape(label)))
    return table
