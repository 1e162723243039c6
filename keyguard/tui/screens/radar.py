"""Radar: everything that ends, on a calendar and by date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content

from keyguard.tui import facts
from keyguard.tui.cells import fit, plain
from keyguard.tui.ends import End, ends
from keyguard.tui.page import Page
from keyguard.tui.widgets.rows import Cell, Column, Line, Lines, Rows, heading
from keyguard.tui.widgets.told import Told

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from keyguard.tui.picture import Picture
    from keyguard.tui.words import Words

KINDS = ("all", "key", "person", "contract", "diligence", "grant", "exception", "accepted")
_WEEK, _DAY = 6, 5
"""Cells of a week's column, and of the days' names."""
_MOST_WEEKS = 39
_SPANS = (
    ("over", timedelta(0)),
    ("week", timedelta(days=7)),
    ("month", timedelta(days=30)),
    ("quarter", timedelta(days=90)),
)


class RadarScreen(Page):
    """A column for each week, a number for each day on which something ends; below, the ends by date."""

    NAME = "radar"
    DEFAULT_CSS = """
    RadarScreen #calendar { height: 8; padding: 0 1; background: $surface; }
    RadarScreen #count { height: 1; padding: 0 1; text-style: bold; }
    RadarScreen Rows { height: 1fr; }
    """
    BINDINGS: ClassVar = [Binding("v", "kind", "radar.kind")]

    def __init__(self) -> None:
        super().__init__()
        self._kind = "all"
        self._ends: Sequence[End] = ()

    def body(self) -> ComposeResult:
        """The calendar, how many, the ends."""
        yield Told(id="calendar")
        yield Told(id="count")
        yield Rows(id="ends")

    def on_mount(self) -> None:
        """The table has the focus."""
        super().on_mount()
        self.set_focus(self.query_one(Rows))

    def on_resize(self) -> None:
        """More width, more weeks."""
        if (picture := self.keyguard.look_now.picture) is not None:
            self._draw(picture)

    def show(self, picture: Picture) -> None:
        """Show what ends now."""
        say = self.say
        self.query_one(Rows).set_columns(
            (
                Column(say("radar.date"), 16),
                Column(say("radar.in"), 9, right=True),
                Column(say("radar.what"), 13),
                Column(say("radar.subject"), 18, grow=2),
                Column(say("radar.rule"), 12, grow=3, rank=2),
                Column(say("radar.known"), 11, rank=1),
            )
        )
        self._draw(picture)

    async def on_rows_opened(self, event: Rows.Opened) -> None:
        """Go where it is seen to."""
        end = next(end for end in self._ends if end.id == event.id)
        await self.keyguard.go(end.place, end.target)

    def action_kind(self) -> None:
        """The ends of the next kind alone."""
        self._kind = KINDS[(KINDS.index(self._kind) + 1) % len(KINDS)]
        if (picture := self.keyguard.look_now.picture) is not None:
            self._draw(picture)

    def _draw(self, picture: Picture) -> None:
        say = self.say
        found = [end for end in ends(picture) if self._kind in ("all", end.kind)]
        self._ends = found
        weeks = min(max((self.size.width - 2 - _DAY) // _WEEK, 1), _MOST_WEEKS)
        calendar = _calendar(say, (end.at for end in found), picture.at, weeks)
        self.query_one("#calendar", Told).update(calendar)
        over = sum(end.at <= picture.at for end in found)
        told = say("radar.count", kind=say(f"radar.kind_{self._kind}"), n=len(found), over=over)
        self.query_one("#count", Told).update(plain(told))
        self.query_one(Rows).fill(self._lines(found, picture.at))

    def _lines(self, found: Sequence[End], now: datetime) -> Sequence[Line]:
        things: list[End | str] = []
        told = ""
        for end in found:
            name = next((name for name, span in _SPANS if end.at - now <= span), "later")
            if name != told:
                things.append(self.say(f"radar.span_{name}"))
                told = name
            things.append(end)
        return Lines(things, lambda one: self._line(one, now))

    def _line(self, one: End | str, now: datetime) -> Line:
        return heading(one) if isinstance(one, str) else Line(one.id, self._cells(one, now))

    def _cells(self, end: End, now: datetime) -> Callable[[], Sequence[Cell]]:
        say = self.say

        def cells() -> Sequence[Cell]:
            left = end.at - now
            look = "high" if left <= facts.URGENT else "medium" if left <= facts.SOON else ""
            return (
                Cell(f"{end.at:%Y-%m-%d %H:%M}"),
                Cell(facts.ago(say, end.at, now), look),
                Cell(say(f"radar.kind_{end.kind}")),
                Cell(end.subject, "strong"),
                Cell(end.rule, "dim"),
                Cell(say(f"facts.short_{end.origin.value}"), "dim"),
            )

        return cells


def _calendar(say: Words, ends: Iterable[datetime], now: datetime, weeks: int) -> Content:
    """Weeks from this one on, a line for each day of the week; today stands in brackets."""
    today = now.astimezone(UTC).date()
    monday = today - timedelta(days=today.weekday())
    counts = Counter(at.astimezone(UTC).date() for at in ends)
    heads = (fit(f"{monday + timedelta(weeks=week):%m-%d}", _WEEK) for week in range(weeks))
    lines = [plain(" " * _DAY + "".join(heads), "bold")]
    for weekday in range(7):
        cells = [plain(fit(say(f"radar.day_{weekday}"), _DAY), "bold")]
        days = (monday + timedelta(weeks=week, days=weekday) for week in range(weeks))
        cells += [_cell(day, today, counts) for day in days]
        lines.append(Content("").join(cells))
    return Content("\n").join(lines)


def _cell(day: date, today: date, counts: Counter[date]) -> Content:
    count = counts[day]
    text = str(count) if count else "·"
    shown = fit(f"[{text}]" if day == today else f" {text}", _WEEK)
    if not count:
        return plain(shown, "" if day >= today else "dim")
    left = day - today
    style = "$error" if left <= facts.URGENT else "$warning" if left <= facts.SOON else "$foreground"
    return plain(shown, f"bold {style}")
