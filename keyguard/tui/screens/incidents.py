"""Incidents: what went wrong, how far it has come, what stands frozen, and what is done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from keyguard.core.errors import KeyguardError
from keyguard.core.incidents import WAY, Step
from keyguard.tui import facts
from keyguard.tui.cells import plain
from keyguard.tui.track import AHEAD, BEHIND
from keyguard.tui.widgets.form import Field
from keyguard.tui.widgets.job import JobPanel
from keyguard.tui.widgets.rows import Cell, Column, Line, Rows, heading
from keyguard.tui.widgets.told import Told
from keyguard.tui.work_page import WorkPage
from keyguard.workflows import contain, freezes, incidents

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from keyguard.core.incidents import Freeze, Incident
    from keyguard.tui.picture import Picture
    from keyguard.tui.work import Doing

_EVENTS = 8
_OPEN, _FROZEN = "open", "frozen"


class IncidentsScreen(WorkPage):
    """Open ones first, then freezes that stand, then what is closed. Below, the newest of what happened."""

    NAME = "incidents"
    DEFAULT_CSS = """
    IncidentsScreen Rows { height: 1fr; min-height: 4; }
    IncidentsScreen #chosen { height: auto; max-height: 11; padding: 0 1; background: $surface; }
    """
    BINDINGS: ClassVar = [
        Binding("n", "note", "incidents.note"),
        Binding("f", "freeze", "incidents.freeze"),
        Binding("c", "clear", "incidents.clear"),
        Binding("t", "thaw", "incidents.thaw"),
        Binding("x", "close", "incidents.close"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._incidents: Mapping[str, Incident] = {}
        self._freezes: Mapping[str, Freeze] = {}
        self._aim = ""

    def body(self) -> ComposeResult:
        """Incidents and freezes, the chosen one, what is being done."""
        yield Rows(id="incidents")
        yield Told(id="chosen")
        yield JobPanel(self.say, id="job")

    def show(self, picture: Picture) -> None:
        """Read them anew: anything may have been committed."""
        say = self.say
        self.query_one(Rows).set_columns(
            (
                Column(say("incidents.id"), 9, rank=2),
                Column(say("incidents.kind"), 14),
                Column(say("incidents.way"), len(WAY)),
                Column(say("incidents.about"), 16, grow=2),
                Column(say("incidents.how"), 14, grow=4, rank=1),
                Column(say("incidents.state"), 14),
            )
        )
        self._fill()
        self.run_worker(self._read(), exclusive=True, group="read")

    def aim(self, target: str) -> None:
        """Go to this incident."""
        if not self.query_one(Rows).choose(target):
            self._aim = target

    def on_rows_moved(self) -> None:
        """Say more of the one that is chosen."""
        self._tell()

    def action_note(self) -> None:
        """Add what happened."""
        if (one := self._open_one()) is not None:
            self._say_and_do("note", one, lambda doing, given: _noted(doing, one.id, given["text"]))

    def action_freeze(self) -> None:
        """No hand-out of its keys any more."""
        if (one := self._open_one()) is not None:
            self._say_and_do("freeze", one, lambda doing, _: _frozen(doing, one.id), ())

    def action_clear(self) -> None:
        """A person has looked."""
        if (one := self._open_one()) is not None:
            self._say_and_do("clear", one, lambda doing, given: _cleared(doing, one.id, given["text"]))

    def action_close(self) -> None:
        """Its cause and what was done."""
        if (one := self._open_one()) is not None:
            say = self.say
            fields = (Field("text", say("incidents.ask_cause")), Field("done", say("incidents.ask_done")))
            self._say_and_do(
                "close",
                one,
                lambda doing, given: _closed(doing, one.id, given),
                fields,
            )

    def action_thaw(self) -> None:
        """End the chosen freeze."""
        frozen = self._freezes.get(self.query_one(Rows).chosen)
        if frozen is None:
            self.notify(self.say("incidents.no_freeze"), markup=False)
            return
        say, title = self.say, self.say("incidents.do_thaw", id=frozen.id)
        fields = (Field("text", say("incidents.ask_thaw")),)

        def then(given: Mapping[str, str]) -> None:
            self.do("thaw", title, frozen.id, lambda doing: _thawed(doing, frozen.id, given["text"]))

        self.ask(title, (), fields, then)

    def _say_and_do(
        self,
        kind: str,
        one: Incident,
        work: Callable[[Doing, Mapping[str, str]], object],
        fields: Sequence[Field] | None = None,
    ) -> None:
        say, title = self.say, self.say(f"incidents.do_{kind}", id=one.id)
        asked = (Field("text", say(f"incidents.ask_{kind}")),) if fields is None else fields

        def then(given: Mapping[str, str]) -> None:
            self.do(kind, title, one.id, lambda doing: work(doing, given))

        text = (plain(say(f"incidents.text_{kind}")),)
        self.ask(title, text, asked, then)

    def _open_one(self) -> Incident | None:
        one = self._incidents.get(self.query_one(Rows).chosen)
        if one is None or not one.open:
            self.notify(self.say("incidents.none_open"), markup=False)
            return None
        return one

    async def _read(self) -> None:
        try:
            found = await self.keyguard.source.ask(
                lambda ports: (ports.incidents.all(), ports.incidents.freezes())
            )
        except KeyguardError:
            return  # the notice says why; the next picture brings another try
        if not self.query(Rows):
            return  # the screen was closed meanwhile
        self._incidents = {one.id: one for one in reversed(found[0])}
        self._freezes = {one.id: one for one in found[1]}
        self._fill()
        if self._aim and self.query_one(Rows).choose(self._aim):
            self._aim = ""

    def _fill(self) -> None:
        say = self.say
        open_ = [one for one in self._incidents.values() if one.open]
        closed = [one for one in self._incidents.values() if not one.open]
        lines: list[Line] = []
        for name, found in ((_OPEN, open_), ("closed", closed)):
            if found:
                lines.append(heading(say(f"incidents.head_{name}", n=len(found))))
                lines += [Line(one.id, self._cells(one)) for one in found]
            if name == _OPEN and self._freezes:
                lines.append(heading(say("incidents.head_frozen", n=len(self._freezes))))
                lines += [Line(one.id, self._cells_of_freeze(one)) for one in self._freezes.values()]
        self.query_one(Rows).fill(lines)
        self._tell()

    def _cells(self, one: Incident) -> Callable[[], Sequence[Cell]]:
        say = self.say

        def cells() -> Sequence[Cell]:
            way = "".join(BEHIND if at is not None else AHEAD for at in one.reached().values())
            state = "unseen" if one.unseen else "open" if one.open else "closed"
            return (
                Cell(one.id[:9], "dim"),
                Cell(say(f"incidents.kind_{one.kind.value}"), "high" if one.open else ""),
                Cell(way, "key" if one.open else "good"),
                Cell(", ".join(one.names or one.venues), "strong"),
                Cell(one.how),
                Cell(say(f"incidents.state_{state}"), "high" if one.unseen else "dim"),
            )

        return cells

    def _cells_of_freeze(self, one: Freeze) -> Callable[[], Sequence[Cell]]:
        def cells() -> Sequence[Cell]:
            return (
                Cell(one.id[:9], "dim"),
                Cell(self.say(f"incidents.scope_{one.scope.value}"), "medium"),
                Cell(""),
                Cell(self._subject(one), "strong"),
                Cell(one.reason),
                Cell(f"{one.since:%m-%d %H:%M}", "dim"),
            )

        return cells

    def _subject(self, one: Freeze) -> str:
        picture = self.keyguard.look_now.picture
        view = picture.by_id.get(one.subject) if picture is not None else None
        return view.key.name if view is not None else one.subject

    def _tell(self) -> None:
        """Its way with times, and its newest events."""
        say, picture = self.say, self.keyguard.look_now.picture
        chosen = self.query_one(Rows).chosen
        lines: list[Content] = []
        if (one := self._incidents.get(chosen)) is not None and picture is not None:
            lines.append(plain(one.how, "bold"))
            way = (
                f"{BEHIND} {say(f'incidents.step_{step.value}')} {at:%m-%d %H:%M}"
                if at is not None
                else f"{AHEAD} {say(f'incidents.step_{step.value}')}"
                for step, at in one.reached().items()
            )
            lines.append(plain("  ".join(way)))
            if one.deadline is not None:
                span = facts.ago(say, one.deadline, picture.at)
                lines.append(plain(say("incidents.deadline", at=f"{one.deadline:%m-%d %H:%M}", span=span)))
            for event in reversed(one.timeline()[-_EVENTS:]):
                step = say(f"incidents.step_{event.step.value}")
                lines.append(plain(f"{event.at:%m-%d %H:%M}  {step}  {event.text}  ({event.by})"))
        elif (frozen := self._freezes.get(chosen)) is not None:
            told = say("incidents.frozen", by=frozen.by, at=f"{frozen.since:%Y-%m-%d %H:%M}")
            lines += [plain(frozen.reason, "bold"), plain(told)]
        else:
            lines.append(plain(say("incidents.none")))
        self.query_one("#chosen", Static).update(Content("\n").join(lines))


def _noted(doing: Doing, id_: str, text: str) -> object:
    return incidents.add_event(doing.ports, id_, Step.NOTE, text, actor=doing.actor)


def _frozen(doing: Doing, id_: str) -> object:
    alive = doing.process_alive
    return contain.contain(doing.ports, id_, revoking=False, actor=doing.actor, process_alive=alive)


def _cleared(doing: Doing, id_: str, text: str) -> object:
    return incidents.clear(doing.ports, id_, actor=doing.actor, reason=text)


def _closed(doing: Doing, id_: str, given: Mapping[str, str]) -> object:
    done = (given["done"],)
    return incidents.close(doing.ports, id_, actor=doing.actor, cause=given["text"], outcome=done)


def _thawed(doing: Doing, id_: str, text: str) -> object:
    return freezes.thaw(doing.ports, id_, actor=doing.actor, reason=text)
