"""Findings: what is open and what was accepted; adopted, rotated, accepted, closed from here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content

from keyguard.core.exchange import Guide
from keyguard.core.findings import RADAR, Kind
from keyguard.tui import facts, preview
from keyguard.tui.cells import plain
from keyguard.tui.navigation import NEW
from keyguard.tui.widgets.form import Field, end_of
from keyguard.tui.widgets.job import JobPanel
from keyguard.tui.widgets.rows import Cell, Column, Line, Rows, heading
from keyguard.tui.widgets.told import Told
from keyguard.tui.work_page import WorkPage
from keyguard.workflows import credentials, findings
from keyguard.workflows.enrol import Declared, enrol

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from keyguard.core.findings import Finding
    from keyguard.tui.picture import Picture
    from keyguard.tui.work import Doing

_ROTATE = "keyguard key rotate "


class FindingsScreen(WorkPage):
    """Below the table the chosen one: why, how it is known, and where it stands, its values hidden."""

    NAME = "findings"
    DEFAULT_CSS = """
    FindingsScreen Rows { height: 1fr; min-height: 4; }
    FindingsScreen #chosen { height: auto; max-height: 12; padding: 0 1; background: $surface; }
    """
    BINDINGS: ClassVar = [
        Binding("d", "adopt", "findings.adopt"),
        Binding("r", "rotate", "findings.rotate"),
        Binding("a", "accept", "findings.accept"),
        Binding("x", "close", "findings.close"),
        Binding("I", "incident", "home.incident"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._findings: Mapping[str, Finding] = {}
        self._preview: preview.Preview | None = None
        self._aim = ""

    def body(self) -> ComposeResult:
        """The findings, the chosen one, what is being done."""
        yield Rows(id="findings")
        yield Told(id="chosen")
        yield JobPanel(self.say, id="job")

    def show(self, picture: Picture) -> None:
        """Show what stands now."""
        say = self.say
        self._findings = {one.id: one for one in (*picture.findings, *picture.accepted)}
        rows = self.query_one(Rows)
        rows.set_columns(
            (
                Column(say("home.level"), 9),
                Column(say("home.kind"), 14),
                Column(say("home.subject"), 20, grow=2),
                Column(say("home.text"), 20, grow=5, rank=1),
                Column(say("findings.since"), 9, rank=2, right=True),
            )
        )
        lines = [heading(say("findings.open", n=len(picture.findings)))]
        lines += [Line(one.id, self._cells(one, picture.at)) for one in picture.findings]
        if picture.accepted:
            lines.append(heading(say("findings.accepted", n=len(picture.accepted))))
            lines += [Line(one.id, self._cells(one, picture.at)) for one in picture.accepted]
        rows.fill(lines)
        self._tell()
        if self._aim:
            target, self._aim = self._aim, ""
            self.aim(target)

    def aim(self, target: str) -> None:
        """Go to this finding, or to the first about the key of this id or name."""
        picture = self.keyguard.look_now.picture
        view = None if picture is None else picture.by_id.get(target)
        name = view.key.name if view is not None else target
        for one in self._findings.values():
            if one.id == target or one.item.subject == name:
                self.query_one(Rows).choose(one.id)
                return
        if not self._findings:
            self._aim = target

    def on_rows_moved(self) -> None:
        """Say more of the one that is chosen."""
        self._tell()

    async def on_rows_opened(self, event: Rows.Opened) -> None:
        """To the page of the key it is about."""
        picture = self.keyguard.look_now.picture
        view = picture.key_named(self._findings[event.id].item.subject) if picture is not None else None
        if view is not None:
            await self.keyguard.go("keys", view.key.id)

    def action_adopt(self) -> None:
        """Register a key that nobody had registered."""
        one = self._chosen()
        if one is None or one.item.kind is not Kind.UNKNOWN_KEY:
            self.notify(self.say("findings.not_adoptable"), markup=False)
            return
        say, venue = self.say, one.item.subject.partition("/")[0]
        fields = tuple(
            Field(name, say(f"findings.ask_{name}")) for name in ("desk", "label", "owner", "purpose")
        )
        title = say("findings.adopt_title", name=one.item.subject)

        def then(given: Mapping[str, str]) -> None:
            if not (given["desk"] and given["label"] and given["owner"]):
                self.notify(say("findings.incomplete"), markup=False)
                return
            declared = Declared(
                venue, given["desk"], given["label"], given["owner"], purpose=given["purpose"]
            )
            self.do("adopt", title, one.id, partial(_adopted, declared=declared, title=title))

        self.ask(title, (plain(say("findings.adopt_text")),), fields, then)

    async def action_rotate(self) -> None:
        """Rotate the key it is about."""
        one, picture = self._chosen(), self.keyguard.look_now.picture
        if one is None or picture is None:
            return
        command = one.item.command
        name = command.removeprefix(_ROTATE).split()[0] if command.startswith(_ROTATE) else one.item.subject
        view = picture.key_named(name)
        if view is None:
            self.notify(self.say("findings.no_key"), markup=False)
            return
        await self.keyguard.go("rotations", view.key.id)

    def action_accept(self) -> None:
        """Live with it until a day."""
        one, picture = self._chosen(), self.keyguard.look_now.picture
        if one is None or picture is None:
            return
        say, month = self.say, picture.at + timedelta(days=30)
        fields = (
            Field("reason", say("findings.ask_reason")),
            Field("until", say("findings.ask_until"), f"{month:%Y-%m-%d}"),
        )

        def then(given: Mapping[str, str]) -> None:
            try:
                until = end_of(given["until"])
            except ValueError:
                self.notify(say("findings.no_day"), markup=False)
                return
            self.do("accept", title, one.id, partial(_accepted, id_=one.id, why=given["reason"], until=until))

        title = say("findings.accept_title", name=one.item.subject)
        self.ask(title, (plain(say("findings.accept_text")),), fields, then)

    def action_close(self) -> None:
        """Somebody has seen to it."""
        one = self._chosen()
        if one is None:
            return
        say = self.say
        if one.item.kind in RADAR:
            self.notify(say("findings.holds"), markup=False)
            return

        def then(given: Mapping[str, str]) -> None:
            self.do("close", title, one.id, partial(_closed, id_=one.id, why=given["reason"]))

        title = say("findings.close_title", name=one.item.subject)
        fields = (Field("reason", say("findings.ask_done")),)
        self.ask(title, (plain(say("findings.close_text")),), fields, then)

    async def action_incident(self) -> None:
        """Open an incident of the chosen one."""
        await self.keyguard.go("incidents", f"{NEW}{self.query_one(Rows).chosen}")

    def _chosen(self) -> Finding | None:
        return self._findings.get(self.query_one(Rows).chosen)

    def _cells(self, one: Finding, now: datetime) -> Callable[[], Sequence[Cell]]:
        say = self.say

        def cells() -> Sequence[Cell]:
            item = one.item
            return (
                facts.danger(say, item.level),
                Cell(say(f"facts.kind_{item.kind.value}"), item.level.value),
                Cell(item.subject, "strong"),
                Cell(item.text),
                Cell(facts.ago(say, one.since, now), "dim"),
            )

        return cells

    def _tell(self) -> None:
        one, seen = self._chosen(), self._preview
        self._draw()
        shown = None if seen is None else (seen.path, seen.line)
        if one is not None and preview.place(one.item) != shown:
            self.in_background(partial(self._look, one), "preview")

    async def _look(self, one: Finding) -> None:
        self._preview = await asyncio.to_thread(preview.read, one.item)
        self._draw()

    def _draw(self) -> None:
        if not self.stands:
            return  # the screen was closed meanwhile
        say, one = self.say, self._chosen()
        shown = self.query_one("#chosen", Told)
        if one is None:
            shown.update(plain(say("home.nothing")))
            return
        item = one.item
        lines = [
            plain(f"{item.subject}: {item.text}", "bold"),
            plain(say(f"facts.origin_{item.origin.value}"), "dim"),
            plain(say("home.command", command=item.command)),
        ]
        if one.until is not None:
            told = say("findings.until", by=one.by, until=f"{one.until:%Y-%m-%d}", reason=one.reason)
            lines.append(plain(told))
        found = self._preview
        if found is not None and preview.place(item) == (found.path, found.line):
            lines += [
                plain(f"{'>' if number == found.line else ' '}{number:>5}  {text}")
                for number, text in found.lines
            ]
            if not found.lines:
                lines.append(plain(say("findings.unread"), "dim"))
        shown.update(Content("\n").join(lines))


def _adopted(doing: Doing, *, declared: Declared, title: str) -> object:
    adapter = doing.ports.gateway.adapter(declared.venue)
    parts = credentials.parts(adapter.example)
    guide = Guide(adapter.facts.key_page, title, (), parts=parts)
    credential = doing.ports.person.new_credential(declared.venue, guide)
    enrolled = enrol(doing.ports, declared, credential)
    findings.refresh(doing.ports)
    return enrolled.key.id


def _accepted(doing: Doing, *, id_: str, why: str, until: datetime) -> object:
    return findings.accept(doing.ports, id_, actor=doing.actor, reason=why, until=until)


def _closed(doing: Doing, *, id_: str, why: str) -> object:
    return findings.close(doing.ports, id_, actor=doing.actor, reason=why)
