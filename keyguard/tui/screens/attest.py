"""Attest: what an exchange would see of a period, before anybody signs it; and what was exported before."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from keyguard.core.errors import KeyguardError
from keyguard.core.policy import Level
from keyguard.tui import attesting, facts
from keyguard.tui.attesting import SPANS
from keyguard.tui.cells import plain
from keyguard.tui.page import Page
from keyguard.tui.widgets.rows import Cell, Column, Line, Rows
from keyguard.tui.widgets.told import Told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from textual.app import ComposeResult

    from keyguard.tui.attesting import Days, Hit, Preview
    from keyguard.tui.picture import Picture

PAST = 4
"""Of the past exports so many of the newest are shown."""


class AttestScreen(Page):
    """Venues at the left, findings at the right; `p` changes the period. It is computed when asked for,
    not at every record: the text says as of when."""

    NAME = "attest"
    DEFAULT_CSS = """
    AttestScreen #head { height: auto; padding: 0 1; text-style: bold; background: $surface; }
    AttestScreen #both { height: 1fr; }
    AttestScreen #venues { width: 24; height: 1fr; }
    AttestScreen #seen { width: 1fr; height: 1fr; }
    AttestScreen #found { height: 1fr; }
    AttestScreen #more { height: auto; max-height: 5; padding: 0 1; background: $surface; }
    AttestScreen #past { height: auto; padding: 0 1; }
    AttestScreen #how { height: auto; padding: 0 1; text-style: bold; }
    """
    BINDINGS: ClassVar = [
        Binding("p,right", "turn(1)", "attest.key_period"),
        Binding("P,left", "turn(-1)", "attest.key_before", show=False),
        Binding("u", "again", "attest.key_again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._span = 0
        self._venue = ""
        self._preview: Preview | None = None
        self._why = ""
        self._hits: dict[str, Hit] = {}

    def body(self) -> ComposeResult:
        """What it is about, venues, findings, more of the chosen one, past exports, how to export."""
        yield Told(id="head")
        with Horizontal(id="both"):
            yield Rows(id="venues")
            with Vertical(id="seen"):
                yield Rows(id="found")
                yield Told(id="more")
                yield Told(id="past")
        yield Told(id="how")

    def on_mount(self) -> None:
        """Venues have the focus."""
        super().on_mount()
        self.query_one("#venues").focus()

    def show(self, picture: Picture) -> None:
        """The venues with a key; what is computed stays as it is."""
        counts = Counter(view.key.venue for view in picture.keys)
        rows = self.query_one("#venues", Rows)
        rows.set_columns(
            (Column(self.say("attest.venue"), 14), Column(self.say("attest.keys"), 5, right=True))
        )
        rows.fill([Line(name, partial(_venue, name, count)) for name, count in sorted(counts.items())])
        self._draw()
        if rows.chosen != self._venue:
            self._compute(rows.chosen)

    def aim(self, target: str) -> None:
        """Show this venue."""
        self.query_one("#venues", Rows).choose(target)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Another venue, or more of another finding."""
        if event.rows.id == "found":
            self._tell_more()
        elif event.id != self._venue:
            self._compute(event.id)

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """From a venue on to its findings."""
        if event.rows.id == "venues":
            self.query_one("#found").focus()

    def action_turn(self, by: int) -> None:
        """Another period."""
        self._span = (self._span + by) % len(SPANS)
        self._compute(self._venue)

    def action_again(self) -> None:
        """With what the log has by now."""
        self._compute(self._venue)

    def _days(self, now: datetime) -> Days:
        return attesting.span(SPANS[self._span], now)

    def _compute(self, venue: str) -> None:
        self._venue, self._preview, self._why = venue, None, ""
        self._draw()
        picture = self.keyguard.look_now.picture
        if venue and picture is not None:
            self.run_worker(self._read(venue, self._days(picture.at)), exclusive=True)

    async def _read(self, venue: str, days: Days) -> None:
        try:
            disclosed = await self.keyguard.source.ask(partial(attesting.read, venue=venue))
            self._preview = await asyncio.to_thread(attesting.preview, disclosed, days)
        except KeyguardError as error:
            self._why = error.message
        except Exception as error:  # the edge of the worker: records nobody could foresee
            self._why = type(error).__name__
        self._draw()

    def _draw(self) -> None:
        say, preview = self.say, self._preview
        hits = preview.hits if preview is not None else ()
        self._hits = {f"{number}": hit for number, hit in enumerate(hits)}
        found = self.query_one("#found", Rows)
        found.set_columns(
            (
                Column(say("attest.severity"), 9),
                Column(say("attest.code"), 4),
                Column(say("attest.meaning"), 24, grow=1),
                Column(say("attest.rows"), 3, rank=1, right=True),
                Column(say("attest.since"), 10, rank=2),
                Column(say("attest.covered"), 7, rank=3),
            )
        )
        found.fill([Line(id_, partial(self._cells, hit)) for id_, hit in self._hits.items()])
        self._set("head", self._head())
        self._set("past", self._past() if preview is not None else ())
        self._set("how", self._how())
        self._tell_more()

    def _cells(self, hit: Hit) -> Sequence[Cell]:
        return (
            facts.danger(self.say, hit.level),
            Cell(hit.code, "dim"),
            Cell(self.say(f"attest.{hit.code.lower()}"), hit.level.value),
            Cell(str(len(hit.rows) or "")),
            Cell(f"{hit.since:%Y-%m-%d}", "dim"),
            Cell("✓" if hit.exception else "", "good"),
        )

    def _head(self) -> Sequence[str]:
        say, preview = self.say, self._preview
        if not self._venue:
            return (say("attest.no_venue"),)
        if self._why:
            return (say("attest.failed", why=self._why),)
        if preview is None:
            return (say("attest.reading", venue=self._venue),)
        days, span = preview.days, say(f"attest.span_{SPANS[self._span]}")
        at = f"{preview.at:%Y-%m-%d %H:%M}"
        head = say("attest.head", venue=preview.venue, first=days.first, last=days.last, span=span, at=at)
        counts = {"keys": preview.keys, "people": preview.people, "handouts": preview.handouts}
        high = sum(hit.level is Level.HIGH for hit in preview.hits)
        return head, say("attest.summary", **counts, findings=len(preview.hits), high=high)

    def _past(self) -> Sequence[str]:
        say, preview = self.say, self._preview
        if preview is None or not preview.exports:
            return (say("attest.past_none"),)
        return (
            say("attest.past"),
            *(
                "  "
                + say(
                    "attest.past_line",
                    serial=one.serial,
                    first=one.first,
                    last=one.last,
                    at=f"{one.at:%Y-%m-%d}",
                    id=one.id,
                )
                for one in preview.exports[:PAST]
            ),
        )

    def _how(self) -> Sequence[str]:
        if self._preview is None:
            return ()
        command = attesting.command(self._preview)
        said = "attest.export" if attesting.exports() else "attest.export_later"
        return self.say(said), f"  {command}"

    def _tell_more(self) -> None:
        say, hit = self.say, self._hits.get(self.query_one("#found", Rows).chosen)
        lines: list[str] = []
        if hit is not None:
            lines.append(f"{hit.code}: {say(f'attest.{hit.code.lower()}')}")
            about = say("attest.about", rows=", ".join(hit.rows)) if hit.rows else say("attest.about_log")
            lines.append(about)
            if hit.exception:
                lines.append(say("attest.exception", id=hit.exception))
        elif self._preview is not None:
            lines.append(say("attest.none"))
        self._set("more", lines)

    def _set(self, id_: str, lines: Sequence[str]) -> None:
        self.query_one(f"#{id_}", Static).update(Content("\n").join(map(plain, lines)))


def _venue(name: str, count: int) -> Sequence[Cell]:
    return Cell(name, "strong"), Cell(str(count))
