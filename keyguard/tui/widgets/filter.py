"""The line in which a filter is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

if TYPE_CHECKING:
    from textual import events

LONGEST = 80
"""Nobody filters by more; a secret that was pasted into the wrong field often is longer."""


class FilterField(Input):
    """Filters as one types. Pasted text that looks like no filter is not taken, so it is not shown."""

    DEFAULT_CSS = """
    FilterField { height: 1; border: none; padding: 0 1; background: $surface; }
    FilterField:focus { border: none; background: $panel; }
    """

    def __init__(self, *, id: str | None = None, longest: int = LONGEST) -> None:
        super().__init__(id=id, select_on_focus=False, max_length=longest, compact=True)
        self.cursor_blink = False

    def _on_paste(self, event: events.Paste) -> None:
        """Where this does not prevent it, Textual calls the field's own handler next."""
        if "\n" in event.text or len(event.text) > (self.max_length or 0) or _looks_secret(event.text):
            event.stop()
            event.prevent_default()


def matches(text: str, words: list[str]) -> bool:
    """Whether every word, in small letters, stands somewhere in the text, which is in small letters."""
    return all(word in text for word in words)


def _looks_secret(text: str) -> bool:
    """A long word of letters and digits: the form of keys, not of what people look for or say."""
    return any(len(word) >= 20 and "/" not in word and any(map(str.isdigit, word)) for word in text.split())
