"""A text that is painted again only when it says something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.visual import VisualType


class Told(Static):
    """A Static, as wide as what holds it, for what is told again at every change and mostly is what it was.

    Twenty changes a second would otherwise lay out and paint the screen as often, which flickers.
    """

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show this, unless it is shown; lay out the screen where it takes another number of lines."""
        shown = self.content
        if isinstance(content, Content) and isinstance(shown, Content) and content.is_same(shown):
            return
        before = self._lines()
        super().update(content, layout=False)
        if layout and (not before or self._lines() != before):
            self.refresh(layout=True)

    def _lines(self) -> int:
        """0 where it is not laid out yet."""
        width = self.content_size.width
        return self.get_content_height(self.container_size, self.container_size, width) if width else 0
