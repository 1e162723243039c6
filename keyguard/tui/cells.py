"""Text in terminal cells: a Korean syllable takes two. All text from outside passes here, escaped."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from keyguard.core.escape import escape

ELLIPSIS = "…"


@lru_cache(maxsize=4_000)
def fit(text: str, width: int, *, right: bool = False) -> str:
    """The text, escaped, in exactly `width` cells: cut with an ellipsis, or filled with spaces."""
    shown = escape(text)
    taken = cell_len(shown)
    if taken > width:
        return set_cell_size(set_cell_size(shown, max(width - 1, 0)).rstrip() + ELLIPSIS[:width], width)
    pad = " " * (width - taken)
    return pad + shown if right else shown + pad


def width(text: str) -> int:
    """Cells that the text takes once it is escaped."""
    return cell_len(escape(text))


def plain(text: str, style: str = "") -> Content:
    """The text, escaped, as content that no markup in it can change."""
    return Content.styled(escape(text), style) if style else Content(escape(text))
