"""A table of any length: only the lines that are seen are ever made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, overload

from rich.segment import Segment
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from keyguard.tui.cells import fit

if TYPE_CHECKING:
    from rich.style import Style
    from textual import events

T = TypeVar("T")
GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of at least `width` cells. `grow`: its share of what is left over; `rank`: where there is
    no room the columns of the highest rank are left out first, those of rank 0 never."""

    title: str
    width: int
    grow: int = 0
    rank: int = 0
    right: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, which is escaped when it is shown, and how it looks: one of `Rows.LOOKS` or ""."""

    text: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row, whose cells are made when it is first seen; or, with one cell and no id, a heading."""

    id: str
    cells: Callable[[], Sequence[Cell]]


class Lines(Sequence[Line]):
    """A line for each of many things, made by `make` when it is seen."""

    def __init__(self, things: Sequence[T], make: Callable[[T], Line]) -> None:
        self._things: Sequence[Any] = things
        self._make: Callable[[Any], Line] = make

    def __len__(self) -> int:
        return len(self._things)

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | Sequence[Line]:
        if isinstance(index, slice):
            return Lines(self._things[index], self._make)
        return self._make(self._things[index])


def heading(text: str) -> Line:
    """A line above others that cannot be chosen."""
    return Line("", lambda: (Cell(text, "heading"),))


class Rows(ScrollView, can_focus=True):
    """Columns chosen by the width, a cursor on one row, and messages when it moves or is opened."""

    LOOKS: ClassVar = ("high", "medium", "low", "info", "dim", "strong", "good", "heading", "key")
    COMPONENT_CLASSES: ClassVar = {
        "rows--title",
        "rows--cursor",
        "rows--cursor-blurred",
        *(f"rows--{look}" for look in LOOKS),
    }
    DEFAULT_CSS = """
    Rows {
        background: $background; color: $foreground;
        height: 1fr; overflow-x: hidden; overflow-y: auto;
    }
    Rows > .rows--title { text-style: bold; color: $foreground 70%; background: $surface; }
    Rows > .rows--cursor { background: $primary 35%; text-style: bold; }
    Rows > .rows--cursor-blurred { background: $primary 15%; }
    Rows > .rows--high { color: $error; text-style: bold; }
    Rows > .rows--medium { color: $warning; }
    Rows > .rows--low { color: $secondary; }
    Rows > .rows--info { color: $foreground; }
    Rows > .rows--dim { color: $foreground 70%; }
    Rows > .rows--strong { text-style: bold; }
    Rows > .rows--good { color: $success; }
    Rows > .rows--heading { text-style: bold; color: $primary; }
    Rows > .rows--key { text-style: bold; color: $accent; }
    """
    BINDINGS: ClassVar = [
        Binding("up,k", "move(-1)", "rows.up", show=False),
        Binding("down,j", "move(1)", "rows.down", show=False),
        Binding("pageup", "page(-1)", "rows.page_up", show=False),
        Binding("pagedown", "page(1)", "rows.page_down", show=False),
        Binding("home,g", "end(-1)", "rows.first", show=False),
        Binding("end,G", "end(1)", "rows.last", show=False),
        Binding("enter", "open", "rows.open"),
    ]

    @dataclass
    class Moved(Message):
        """The cursor came to another row; "" for none."""

        rows: Rows
        id: str

    @dataclass
    class Opened(Message):
        """Enter on a row, or a click on the row that has the cursor."""

        rows: Rows
        id: str

    def __init__(self, *, id: str | None = None, titles: bool = True) -> None:
        super().__init__(id=id)
        self._titles = titles
        self._columns: Sequence[Column] = ()
        self._lines: Sequence[Line] = ()
        self._where: Callable[[str], int] | None = None
        self._cursor = -1
        self._layout: tuple[tuple[int, int], ...] = ()  # index of a column, its cells
        self._laid_for = -1
        self._painted: dict[int, Strip] = {}

    @property
    def chosen(self) -> str:
        """The id of the row with the cursor, "" for none."""
        return self._lines[self._cursor].id if 0 <= self._cursor < len(self._lines) else ""

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Which columns there are; a line's cells stand in the same order."""
        if columns != self._columns:
            self._columns, self._laid_for = columns, -1
            self.refresh()

    def fill(
        self, lines: Sequence[Line], where: Callable[[str], int] | None = None, *, follow: bool = False
    ) -> None:
        """Show these lines. The cursor stays on the row of the same id, else near where it was.

        `where`: the index of an id, -1 for none; without it the lines are looked through. `follow`: lines
        come at the end and go at the top; a cursor on the last row stays on the last, else the rows that are
        seen stay where they are. Of what is seen only lines that changed are painted again.
        """
        chosen, at = self.chosen, self._cursor
        last = follow and self._cursor in (-1, len(self._lines) - 1)
        self._lines, self._where = lines, where
        found = self._index(chosen) if chosen and not last else -1
        before = len(lines) - 1 if last else min(max(at, 0), len(lines) - 1)
        self._cursor = found if found >= 0 else self._near(before)
        self.virtual_size = Size(self.size.width, len(lines) + self._titles)
        if follow and found >= 0:
            self._shift(found - at)
        self._into_view()
        self._refresh_changed()
        if self.chosen != chosen:
            self.post_message(self.Moved(self, self.chosen))

    def choose(self, id_: str) -> bool:
        """Put the cursor on the row of this id; False if there is none."""
        index = self._index(id_)
        self._go(index)
        return index >= 0

    def action_move(self, by: int) -> None:
        """Up or down by so many rows, headings passed over."""
        index = self._cursor + by
        while 0 <= index < len(self._lines) and not self._lines[index].id:
            index += by
        if 0 <= index < len(self._lines):
            self._go(index)
        elif by < 0:
            self.scroll_to(y=0, animate=False)  # the heading above the first row

    def action_page(self, by: int) -> None:
        """Up or down by what is seen."""
        step = max(self.size.height - self._titles - 1, 1)
        self._go(self._near(min(max(self._cursor + by * step, 0), len(self._lines) - 1)))

    def action_end(self, by: int) -> None:
        """To the first or the last row."""
        self._go(self._near(0 if by < 0 else len(self._lines) - 1))

    def action_open(self) -> None:
        """Open the row with the cursor."""
        if self.chosen:
            self.post_message(self.Opened(self, self.chosen))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; one on the row that has it opens the row."""
        if event.y < self._titles:
            return
        index = int(self.scroll_offset.y) + event.y - self._titles
        if 0 <= index < len(self._lines) and self._lines[index].id:
            if index == self._cursor:
                self.action_open()
            else:
                self._go(index)

    def on_resize(self) -> None:
        """Other columns may fit now."""
        self._laid_for = -1
        self.virtual_size = Size(self.size.width, len(self._lines) + self._titles)
        self._into_view()

    def on_focus(self) -> None:
        """The cursor looks different."""
        self._refresh_line(self._cursor)

    on_blur = on_focus

    def render_line(self, y: int) -> Strip:
        """One line of the screen: the titles, then the rows that are scrolled to."""
        self._painted[y] = strip = self._drawn(y)
        return strip

    def _drawn(self, y: int) -> Strip:
        self._lay_out()
        if self._titles and y == 0:
            base = self._look("title")
            titles = (Cell(column.title) for column in self._columns)
            return self._strip(tuple(titles), base, coloured=False)
        index = int(self.scroll_offset.y) + y - self._titles
        if not 0 <= index < len(self._lines):
            return Strip.blank(self.size.width, self.rich_style)
        line, base = self._lines[index], self.rich_style
        if index == self._cursor:
            name = "rows--cursor" if self.has_focus else "rows--cursor-blurred"
            base = self.get_component_rich_style(name)  # whole: its colour is blended with what lies below
        if not line.id:
            return self._heading(line, base)
        return self._strip(line.cells(), base)

    def _strip(self, cells: Sequence[Cell], base: Style, *, coloured: bool = True) -> Strip:
        segments = [Segment(" ", base)]
        for place, (index, wide) in enumerate(self._layout):
            cell = cells[index]
            if place:
                segments.append(Segment(" " * GAP, base))
            style = base + self._look(cell.look) if cell.look and coloured else base
            segments.append(Segment(fit(cell.text, wide, right=self._columns[index].right), style))
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def _heading(self, line: Line, base: Style) -> Strip:
        cell = line.cells()[0]
        text = fit(cell.text, max(self.size.width - 1, 0))
        return Strip([Segment(" ", base), Segment(text, base + self._look(cell.look))])

    def _look(self, name: str) -> Style:
        """The text's style alone: the background is that of the line."""
        return self.get_component_rich_style(f"rows--{name}", partial=True)

    def _lay_out(self) -> None:
        if self._laid_for != self.size.width:
            self._layout = _fitted(self._columns, self.size.width - 1)
            self._laid_for = self.size.width

    def _near(self, index: int) -> int:
        """The row at this index, or the next that is no heading, or the one before."""
        for other in chain(range(index, len(self._lines)), range(index, -1, -1)):
            if other >= 0 and self._lines[other].id:
                return other
        return -1

    def _go(self, index: int) -> None:
        if index == self._cursor or index < 0:
            return
        before, self._cursor = self._cursor, index
        self._into_view()
        self._refresh_line(before)
        self._refresh_line(index)
        self.post_message(self.Moved(self, self.chosen))

    def _into_view(self) -> None:
        top, seen = int(self.scroll_offset.y), self.size.height - self._titles
        if self._cursor < 0 or seen < 1:
            return
        if self._cursor < top:
            above = self._cursor and not self._lines[self._cursor - 1].id
            self.scroll_to(y=self._cursor - bool(above), animate=False, immediate=True)
        elif self._cursor >= top + seen:
            self.scroll_to(y=self._cursor - seen + 1, animate=False, immediate=True)

    def _index(self, id_: str) -> int:
        if self._where is not None:
            return self._where(id_)
        return next((index for index, line in enumerate(self._lines) if line.id == id_), -1)

    def _shift(self, by: int) -> None:
        """Scroll with lines that went at the top. What is seen stays: nothing is painted for it."""
        y = max(self.scroll_y + by, 0)
        if y != self.scroll_y:
            self.set_reactive(Rows.scroll_y, y)
            self.set_reactive(Rows.scroll_target_y, y)
            self.vertical_scrollbar.position = y

    def _refresh_changed(self) -> None:
        """Paint the lines that would not look as they were painted last."""
        changed = [y for y in range(self.size.height) if self._drawn(y) != self._painted.get(y)]
        self.refresh(*(Region(0, y, self.size.width, 1) for y in changed), repaint=bool(changed))

    def _refresh_line(self, index: int) -> None:
        y = index - int(self.scroll_offset.y) + self._titles
        if self._titles <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))


MOVES = frozenset(one.action for one in Rows.BINDINGS if isinstance(one, Binding) and not one.show)
"""What moves in a table: told of last, for it is the same everywhere."""


def _fitted(columns: Sequence[Column], room: int) -> tuple[tuple[int, int], ...]:
    """Which columns there is room for, each with its cells; what is left over goes to those that grow."""
    kept = list(range(len(columns)))

    def taken() -> int:
        return sum(columns[index].width for index in kept) + GAP * (len(kept) - 1)

    while kept and taken() > room:
        last = max(kept, key=lambda index: (columns[index].rank, index))
        if not columns[last].rank:
            break
        kept.remove(last)
    left, shares = max(room - taken(), 0), sum(columns[index].grow for index in kept)
    return tuple(
        (index, columns[index].width + (left * columns[index].grow // shares if shares else 0))
        for index in kept
    )
