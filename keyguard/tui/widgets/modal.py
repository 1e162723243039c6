"""A screen laid over another, which stays visible behind it, darker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from rich.segment import Segment
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.style import Style

T = TypeVar("T")


class Modal(ModalScreen[T]):
    """Textual's, but each style of the screen behind is darkened once, not every cell that has it."""

    DEFAULT_CSS = """
    Modal { background: $background 60%; }
    """

    def render(self) -> RenderableType:
        """The screen behind."""
        behind = super().render()
        return Darker(behind.screen, behind.color) if isinstance(behind, BackgroundScreen) else behind


class Darker(BackgroundScreen):
    """Each style is darkened once."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        darker: dict[Style | None, Style | None] = {}
        for segment in console.render(self.screen._compositor, options):
            text, style, control = segment
            if control:
                yield segment
                continue
            if style not in darker:
                darker[style] = self._darker(style)
            yield Segment(text, darker[style])

    def _darker(self, style: Style | None) -> Style | None:
        segments: Iterable[Segment] = self.process_segments([Segment("", style)], self.color)
        return next(iter(segments)).style
