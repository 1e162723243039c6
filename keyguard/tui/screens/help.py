"""Help: what this screen is for, and what every key does here."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from keyguard.tui.cells import fit, plain, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from keyguard.tui.words import Words


class Help(ModalScreen[None]):
    """Read it, then any of the usual keys closes it."""

    DEFAULT_CSS = """
    Help { align: center middle; background: $background 60%; }
    Help VerticalScroll { width: 84%; max-width: 96; height: auto; max-height: 90%; border: round $primary;
        background: $surface; padding: 0 2; }
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
            yield Static(self._content())

    def _content(self) -> Content:
        lines = [plain(self._text), plain(""), plain(self._say("help.keys"), "bold")]
        lines += [_line(key, label) for key, label in self._here]
        lines += [plain(""), plain(self._say("help.places"), "bold")]
        lines += [_line(key, label) for key, label in self._places]
        lines += [plain(""), plain(self._say("help.origins"))]
        return Content("\n").join(lines)


def _line(key: str, label: str) -> Content:
    return Content.assemble((f"  {key}" + " " * max(14 - width(key), 1), "bold"), fit(label, width(label)))
