"""What reaches the terminal: a grid of cells that is painted as the app paints, and how much of it in vain.

A cell that is painted as it was before is what flickers on a slow terminal; a screen that is painted whole
is the worst of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual._compositor import CompositorUpdate, LayoutUpdate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.style import Style
    from textual.app import App

_ROW_PART = 2
"""A row counts as painted where at least one part in so many of its cells is."""


@dataclass
class Painted:
    """Since the last `reset`: how often, and how many cells and rows, painted or changed."""

    updates: int = 0
    whole: int = 0
    cells: int = 0
    changed: int = 0
    rows: int = 0
    vain_rows: int = 0


class Terminal:
    """Stands where the app writes to a terminal."""

    def __init__(self, app: App[None]) -> None:
        self._app, self._grid = app, {}
        self.painted = Painted()
        display: Callable[..., None] = app._display

        def seen(screen, renderable) -> None:
            if isinstance(renderable, CompositorUpdate) and not app._batch_count:
                self._paint(renderable)
            display(screen, renderable)

        app._display = seen

    def reset(self) -> Painted:
        """What was painted so far; begins anew."""
        before, self.painted = self.painted, Painted()
        return before

    def _paint(self, update: CompositorUpdate) -> None:
        painted, width = self.painted, self._app.size.width
        painted.updates += 1
        painted.whole += isinstance(update, LayoutUpdate)
        rows: dict[int, list[bool]] = {}
        for place, seen in self._cells(update):
            changed = self._grid.get(place) != seen
            self._grid[place] = seen
            rows.setdefault(place[1], []).append(changed)
        for row in rows.values():
            painted.cells += len(row)
            painted.changed += sum(row)
            if len(row) * _ROW_PART >= width:
                painted.rows += 1
                painted.vain_rows += not any(row)

    def _cells(self, update: CompositorUpdate) -> Iterator[tuple[tuple[int, int], tuple[str, Style | None]]]:
        """Each cell with what is written to it, in the order a terminal is told."""
        x = y = 0
        for segment in update.__rich_console__(self._app.console, self._app.console.options):
            if segment.control:
                _, x, y = segment.control[0]
            elif segment.text != "\n":
                for char in segment.text:
                    yield (x, y), (char, segment.style)
                    x += cell_len(char)
