"""A text that is painted again only when it says something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.visual import VisualType


class Told(Static):
    """A Static for what is told again at every change of a home, and mostly is what it was.

    Twenty changes a second would otherwise lay out and paint the screen as often, which flickers.
    """

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show this, unless it is shown."""
        if not (isinstance(content, Content) and isinstance(self.content, Content)) or not content.is_same(
            self.content
        ):
            super().update(content, layout=layout)
