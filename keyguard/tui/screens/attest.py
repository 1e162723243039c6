"""Attest: what an exchange would see of a period; signed and exported here; what was exported before."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from keyguard.core.errors import KeyguardError
from keyguard.core.policy import Level
from keyguard.tui import attesting, exporting, facts
from keyguard.tui.attesting import SPANS
from keyguard.tui.cells import plain
from keyguard.tui.export_form import fields_of, folder, wanted_of
from keyguard.tui.screens.verified import Verified
from keyguard.tui.widgets.form import Field, Form
from keyguard.tui.widgets.job import JobPanel
from keyguard.tui.widgets.rows import Cell, Column, Line, Rows, heading
from keyguard.tui.widgets.told import Told
from keyguard.tui.work import Stage
from keyguard.tui.work_page import WorkPage
from keyguard.workflows import trust_file

if TYPE_CHECKING:
    from datetime import datetime

    from textual.app import ComposeResult

    from keyguard.tui.attesting import Days, Hit, Preview
    from keyguard.tui.exporting import Exporter, Waiting
    from keyguard.tui.picture import Picture

_LONGEST = 4096


class AttestScreen(WorkPage):
    """Venues at the left; findings and what was exported at the right; `p` changes the period, `e` signs and
    exports it. It is computed when asked for, not at every record: the text says as of when."""

    NAME = "attest"
    DEFAULT_CSS = """
    AttestScreen #head { height: auto; padding: 0 1; text-style: bold; background: $surface; }
    AttestScreen #both { height: 1fr; }
    AttestScreen #venues { width: 24; height: 1fr; }
    AttestScreen #seen { width: 1fr; height: 1fr; }
    AttestScreen #found { height: 2fr; min-height: 3; }
    AttestScreen #more { height: auto; max-height: 4; padding: 0 1; background: $surface; }
    AttestScreen #past { height: 1fr; min-height: 2; max-height: 7; }
    AttestScreen #how { height: auto; padding: 0 1; color: $foreground 70%; }
    """
    BINDINGS: ClassVar = [
        Binding("p,right", "turn(1)", "attest.key_period"),
        Binding("P,left", "turn(-1)", "attest.key_before", show=False),
        Binding("e", "export", "attest.key_export"),
        Binding("s", "second", "attest.key_second"),
        Binding("v", "verify", "attest.key_verify"),
        Binding("d", "copy", "attest.key_copy"),
        Binding("u", "again", "attest.key_again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._span = 0
        self._venue = ""
        self._preview: Preview | None = None
        self._why = ""
        self._hits: dict[str, Hit] = {}
        self._waiting: dict[str, Waiting] = {}
        self._kept: frozenset[str] = frozenset()
        self._given: dict[str, str] = {}
        self._told_of: object = None
        self._table: Rows | None = None

    def body(self) -> ComposeResult:
        """What it is about, venues, findings, more of the chosen one, past exports, how to export."""
        yield Told(id="head")
        with Horizontal(id="both"):
            yield Rows(id="venues")
            with Vertical(id="seen"):
                yield Rows(id="found")
                yield Told(id="more")
                yield Rows(id="past")
        yield Told(id="how")
        yield JobPanel(self.say, id="job")

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
        """Another venue, more of another finding, or what can be done with another export."""
        if event.rows.id == "found":
            self._tell_more()
        elif event.rows.id == "past":
            self.refresh_bindings()
        elif event.id != self._venue:
            self._put_away()
            self._compute(event.id)

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """From a venue on to its findings."""
        if event.rows.id == "venues":
            self.set_focus(self.query_one("#found"))
        elif event.rows.id == "past":
            self.action_second() if event.id in self._waiting else self.action_verify()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done with the chosen export; the period stays while a question is answered."""
        if action == "turn":
            return not (self.query(JobPanel) and self.query_one(JobPanel).asks)
        if action not in ("second", "verify", "copy"):
            return True
        chosen = self._chosen()
        return bool(chosen) and (chosen in self._waiting) == (action == "second")

    def action_turn(self, by: int) -> None:
        """Another period."""
        self._span = (self._span + by) % len(SPANS)
        self._put_away()
        self._compute(self._venue)

    def action_again(self) -> None:
        """With what the log has by now."""
        self._put_away()
        self._compute(self._venue)

    def action_export(self) -> None:
        """Have this period signed and exported."""
        if self._preview is not None and not self._busy():
            self._ask_export()

    def action_second(self) -> None:
        """Put the second signature on the one that waits."""
        exporter, say, id_ = self.keyguard.exporter, self.say, self._chosen()
        if exporter is None or self._busy():
            return

        def then(given: Mapping[str, str]) -> None:
            self._given |= {"folder": given["folder"]}
            signer, folder = _path(given["signer"]), _path(given["folder"])
            self.do(
                "second",
                say("attest.second_title", id=id_),
                id_,
                exporting.second(exporter, id_, signer, folder, say),
            )

        fields = (Field("signer", say("attest.field_signer"), longest=_LONGEST), self._folder())
        self.ask(say("attest.second_title", id=id_), (plain(say("attest.second_text")),), fields, then)

    def action_verify(self) -> None:
        """Have the chosen export verified, as its recipient would."""
        exporter, id_ = self.keyguard.exporter, self._chosen()
        if exporter is not None:
            self.notify(self.say("attest.verifying", id=id_), markup=False)
            self.run_worker(self._verify(exporter, id_), group="verify", exclusive=True)

    def action_copy(self) -> None:
        """Put the home's copy of the chosen export into a folder."""
        exporter, say, id_ = self.keyguard.exporter, self.say, self._chosen()
        if exporter is None:
            return
        if self.app.is_web:
            self.notify(say("attest.copy_web"), markup=False)
            return

        def then(given: Mapping[str, str] | None) -> None:
            if given is not None:
                self._given |= given
                self.run_worker(self._copy(exporter, id_, _path(given["folder"])), group="copy")

        title = say("attest.copy_title", id=id_)
        self.app.push_screen(Form(say, title, (plain(say("attest.copy_text")),), (self._folder(),)), then)

    def on_job_panel_changed(self) -> None:
        """The work went on; once it is over, show what the log has by now."""
        if not self.query(JobPanel):
            return  # the screen was closed meanwhile
        focused, job = self.focused, self._begun
        self._table = focused if isinstance(focused, Rows) else self._table or self.query_one(Rows)
        panel = self.query_one(JobPanel)
        panel.show(job, self.say)
        panel.take_focus(self._table)
        self.query_one("#how").display = job is None  # there is little room
        if job is not None and job.view.over and self._told_of is not job:
            self._told_of = job
            if job.view.stage is Stage.DONE:
                self._compute(self._venue)

    def _busy(self) -> bool:
        """Whether an export is under way; what it asks has the keys then."""
        under_way = self._begun is not None and not self._begun.view.over
        if under_way:
            self.query_one(JobPanel).focus_question()
        return under_way

    def _put_away(self) -> None:
        """Show no more what is over."""
        if self._begun is not None and self._begun.view.over:
            self._begun = None
            self.on_job_panel_changed()

    def _ask_export(self, wrong: str = "") -> None:
        say, preview, exporter = self.say, self._preview, self.keyguard.exporter
        if preview is None or exporter is None:
            return
        high = sum(hit.level is Level.HIGH for hit in preview.hits)
        text = [plain(say("attest.will_see", venue=preview.venue, findings=len(preview.hits), high=high))]
        if wrong:
            text.append(plain(f"! {wrong}", "bold"))
        title = say("attest.export_title", venue=preview.venue)
        try:
            fields = fields_of(exporter, preview, self._given, say)
        except KeyguardError as error:
            self.notify(error.message, markup=False)
            return
        self.ask(title, text, fields, partial(self._export, exporter, preview))

    def _export(self, exporter: Exporter, preview: Preview, given: Mapping[str, str]) -> None:
        say, picture = self.say, self.keyguard.look_now.picture
        self._given |= given
        wanted = wanted_of(preview.venue, given)
        try:
            assert picture is not None
            exporting.demand(exporter, wanted, self.keyguard.look_now.at or picture.at)
        except KeyguardError as error:
            self._ask_export(f"{error.message}. {error.hint}" if error.hint else error.message)
            return
        title = say("attest.export_title", venue=preview.venue)
        self.do("export", title, preview.venue, exporting.export(exporter, wanted, say))

    async def _verify(self, exporter: Exporter, id_: str) -> None:
        say = self.say
        try:
            keys = await self.keyguard.source.ask(trust_file.pinned)
            checks = await asyncio.to_thread(exporting.check, exporter, id_, keys)
        except KeyguardError as error:
            self.notify(f"{error.message}. {error.hint}" if error.hint else error.message, markup=False)
            return
        if not self.keyguard.locked:
            self.app.push_screen(Verified(say, id_, checks))

    async def _copy(self, exporter: Exporter, id_: str, folder: Path) -> None:
        try:
            path = await asyncio.to_thread(exporting.copy, exporter, id_, folder)
        except KeyguardError as error:
            self.notify(error.message, markup=False)
        else:
            self.notify(self.say("attest.file", path=path), markup=False)

    def _folder(self) -> Field:
        proposed = self._given.get("folder", folder())
        return Field("folder", self.say("attest.field_folder"), proposed, longest=_LONGEST)

    def _chosen(self) -> str:
        """The id of the export that has the cursor."""
        past = self.query("#past")
        return past.first(Rows).chosen if past else ""

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
            preview = await asyncio.to_thread(attesting.preview, disclosed, days)
            await self._read_kept(venue)
            self._preview = preview
        except KeyguardError as error:
            self._why = error.message
        except Exception as error:  # the edge of the worker: records nobody could foresee
            self._why = type(error).__name__
        self._draw()

    async def _read_kept(self, venue: str) -> None:
        exporter = self.keyguard.exporter
        if exporter is not None:
            self._kept = frozenset(await asyncio.to_thread(exporter.kept.ids))
            waiting = await asyncio.to_thread(exporting.waiting, exporter, venue)
            self._waiting = {one.id: one for one in waiting}

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
        self._draw_past()
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

    def _draw_past(self) -> None:
        say, preview = self.say, self._preview
        rows = self.query_one("#past", Rows)
        rows.set_columns(
            (
                Column(say("attest.past"), 21),
                Column(say("attest.serial"), 4, right=True),
                Column(say("attest.state"), 17, grow=1),
                Column(say("attest.id"), 27, rank=1),
            )
        )
        lines = [Line(id_, partial(self._waits, one)) for id_, one in self._waiting.items()]
        for one in preview.exports if preview is not None else ():
            period = f"{one.first}–{one.last}"
            kept = self.keyguard.exporter is None or one.id in self._kept
            state = say("attest.state_issued" if kept else "attest.state_lost", at=f"{one.at:%Y-%m-%d}")
            cells = (Cell(period), Cell(str(one.serial)), Cell(state, "" if kept else "high"), Cell(one.id))
            lines.append(Line(one.id, partial(tuple, cells)))
        rows.fill(lines or [heading(say("attest.past_none"))] if preview is not None else [])
        self.refresh_bindings()

    def _waits(self, one: Waiting) -> Sequence[Cell]:
        first, last = attesting.days_of(one.since, one.until)
        state = Cell(self.say("attest.state_waits"), "medium")
        return Cell(f"{first}–{last}"), Cell(str(one.serial)), state, Cell(one.id)

    def _how(self) -> Sequence[str]:
        if self._preview is None:
            return ()
        return (self.say("home.command", command=attesting.command(self._preview)),)

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


def _path(typed: str) -> Path:
    return Path(typed).expanduser()
