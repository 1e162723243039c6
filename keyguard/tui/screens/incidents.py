"""Incidents: what went wrong, how far it has come, what stands frozen, and what is done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from keyguard.core.errors import KeyguardError
from keyguard.core.incidents import Kind, Stage
from keyguard.tui import incident_rows, responding
from keyguard.tui.cells import plain
from keyguard.tui.navigation import NEW
from keyguard.tui.widgets.form import SENTENCE, Field, end_of
from keyguard.tui.widgets.job import JobPanel
from keyguard.tui.widgets.rows import Rows
from keyguard.tui.widgets.told import Told
from keyguard.tui.work import Stage as JobStage
from keyguard.tui.work_page import WorkPage

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from keyguard.core.incidents import Freeze, Incident
    from keyguard.tui.picture import Picture
    from keyguard.tui.work import Doing

_EVENTS = 6
_NOTES = ("note", "received", "replied", "result", "notified")
"""What a person may say has happened, as `keyguard incident note --as`."""


class IncidentsScreen(WorkPage):
    """Open ones first, then freezes that stand, then what is closed. Below, the newest of what happened."""

    NAME = "incidents"
    DEFAULT_CSS = """
    IncidentsScreen Rows { height: 1fr; min-height: 4; }
    IncidentsScreen #chosen { height: auto; max-height: 13; padding: 0 1; background: $surface; }
    """
    BINDINGS: ClassVar = [
        Binding("o", "begin", "incidents.begin"),
        Binding("n", "note", "incidents.note"),
        Binding("s", "stage", "incidents.stage"),
        Binding("f", "freeze", "incidents.freeze"),
        Binding("r", "revoke", "incidents.revoke"),
        Binding("c", "clear", "incidents.clear"),
        Binding("t", "thaw", "incidents.thaw"),
        Binding("x", "close", "incidents.close"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._incidents: Mapping[str, Incident] = {}
        self._freezes: Mapping[str, Freeze] = {}
        self._aim = ""
        self._followed: object = None

    def body(self) -> ComposeResult:
        """Incidents and freezes, the chosen one, what is being done."""
        yield Rows(id="incidents")
        yield Told(id="chosen")
        yield JobPanel(self.say, id="job")

    def show(self, picture: Picture) -> None:
        """Read them anew: anything may have been committed."""
        self.query_one(Rows).set_columns(incident_rows.columns(self.say))
        self._fill()
        self.in_background(self._read)

    def aim(self, target: str) -> None:
        """Go to this incident; `NEW` and what it is about: ask for a new one."""
        if target.startswith(NEW):
            self._begin(target.removeprefix(NEW))
        elif not self.query_one(Rows).choose(target):
            self._aim = target

    def on_rows_moved(self) -> None:
        """Say more of the one that is chosen."""
        self._tell()

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """To its page."""
        if (one := self._incidents.get(event.id)) is not None:
            from keyguard.tui.screens.incident import IncidentPage  # noqa: PLC0415 - when first wanted

            self.app.push_screen(IncidentPage(one))

    def on_job_panel_changed(self) -> None:
        """An incident that was opened is gone to."""
        super().on_job_panel_changed()
        job = self._begun
        done = job is not None and job.view.kind == "open_incident" and job.view.stage is JobStage.DONE
        if job is not None and done and job is not self._followed:
            self._followed = job
            self.aim(str(job.view.result))

    def action_begin(self) -> None:
        """Open an incident."""
        self._begin("")

    def action_note(self) -> None:
        """Add what happened."""
        if (one := self._open_one()) is not None:
            say = self.say
            choices = tuple((step, say(f"incidents.step_{step}")) for step in _NOTES)
            fields = (self._sentence("note"), Field("step", say("incidents.ask_step"), "note", choices))
            self._say_and_do("note", one, lambda doing, given: responding.noted(doing, one.id, given), fields)

    def action_stage(self) -> None:
        """How far the venue has gone, and until when it wants an answer."""
        if (one := self._open_one()) is None:
            return
        say = self.say
        until = f"{one.deadline - timedelta(microseconds=1):%Y-%m-%d}" if one.deadline is not None else ""
        choices = tuple((stage.value, say(f"incidents.stage_{stage.value}")) for stage in Stage)
        fields = (
            Field("stage", say("incidents.ask_stage"), (one.stage or Stage.UNKNOWN).value, choices),
            Field("deadline", say("incidents.ask_deadline"), until),
            Field("reference", say("incidents.ask_reference"), one.reference),
        )
        self._say_and_do(
            "stage", one, lambda doing, given: responding.staged(doing, one.id, given), fields, _dated
        )

    def action_freeze(self) -> None:
        """No hand-out of its keys any more."""
        if (one := self._open_one()) is not None:
            self._say_and_do("freeze", one, lambda doing, _: responding.frozen(doing, one.id), ())

    def action_revoke(self) -> None:
        """End its keys at their venues, once their number is typed."""
        if (one := self._open_one()) is None:
            return
        say, names = self.say, incident_rows.names(self.keyguard.look_now.picture, one)
        if not names:
            self.notify(say("incidents.no_keys"), markup=False)
            return
        fields = (
            Field("manager", say("incidents.ask_manager")),
            Field("sure", say("incidents.ask_sure", n=len(names))),
        )
        self._say_and_do(
            "revoke",
            one,
            lambda doing, given: responding.revoked(doing, one.id, given["manager"]),
            fields,
            lambda given: "" if given["sure"] == f"{len(names)}" else "incidents.not_sure",
            names,
        )

    def action_clear(self) -> None:
        """A person has looked."""
        if (one := self._open_one()) is not None:
            self._say_and_do(
                "clear", one, lambda doing, given: responding.cleared(doing, one.id, given["text"])
            )

    def action_close(self) -> None:
        """Its cause and what was done."""
        if (one := self._open_one()) is not None:
            fields = (self._sentence("cause"), self._sentence("done", "done"))
            self._say_and_do(
                "close", one, lambda doing, given: responding.closed(doing, one.id, given), fields
            )

    def action_thaw(self) -> None:
        """End the chosen freeze."""
        frozen = self._freezes.get(self.query_one(Rows).chosen)
        if frozen is None:
            self.notify(self.say("incidents.no_freeze"), markup=False)
            return
        title = self.say("incidents.do_thaw", id=frozen.id)

        def then(given: Mapping[str, str]) -> None:
            self.do(
                "thaw", title, frozen.id, lambda doing: responding.thawed(doing, frozen.id, given["text"])
            )

        self.ask(title, (), (self._sentence("thaw"),), then)

    def _begin(self, about: str) -> None:
        """Ask for what a new incident is, beginning with what is known of a key or a finding."""
        picture, say = self.keyguard.look_now.picture, self.say
        if picture is None:
            return
        draft = responding.draft(picture, about)
        kinds = tuple((kind.value, say(f"incidents.kind_{kind.value}")) for kind in Kind)
        freezing = tuple((name, say(f"incidents.freeze_{name}")) for name in ("no", "yes"))
        fields = (
            Field("kind", say("incidents.ask_kind"), draft.kind.value, kinds),
            Field("how", say("incidents.ask_how"), draft.how, longest=SENTENCE),
            Field("keys", say("incidents.ask_keys"), draft.key, longest=SENTENCE),
            Field("venues", say("incidents.ask_venues"), draft.venue),
            Field("freeze", say("incidents.ask_freeze"), "no", freezing),
        )

        def then(given: Mapping[str, str]) -> None:
            self.do("open_incident", say("incidents.do_open"), "", responding.opened(given))

        self.ask(say("incidents.do_open"), (plain(say("incidents.text_open")),), fields, then)

    def _sentence(self, ask: str, name: str = "text") -> Field:
        return Field(name, self.say(f"incidents.ask_{ask}"), longest=SENTENCE)

    def _say_and_do(
        self,
        kind: str,
        one: Incident,
        work: Callable[[Doing, Mapping[str, str]], object],
        fields: Sequence[Field] | None = None,
        wrong: Callable[[Mapping[str, str]], str] = lambda _: "",
        about: Sequence[str] = (),
    ) -> None:
        """Ask, then begin. `wrong` names the text of what is wrong with an answer; `about`: lines of text."""
        say, title = self.say, self.say(f"incidents.do_{kind}", id=one.id)

        def then(given: Mapping[str, str]) -> None:
            if said := wrong(given):
                self.notify(say(said), markup=False)
                return
            self.do(kind, title, one.id, lambda doing: work(doing, given))

        text = (plain(say(f"incidents.text_{kind}")), *(plain(f"  {line}", "bold") for line in about))
        self.ask(title, text, (self._sentence(kind),) if fields is None else fields, then)

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
        if not self.stands:
            return  # the screen was closed meanwhile
        self._incidents = {one.id: one for one in reversed(found[0])}
        self._freezes = {one.id: one for one in found[1]}
        self._fill()
        if self._aim and self.query_one(Rows).choose(self._aim):
            self._aim = ""

    def _fill(self) -> None:
        if (picture := self.keyguard.look_now.picture) is not None:
            freezes = tuple(self._freezes.values())
            rows = incident_rows.lines(self.say, picture, self._incidents.values(), freezes)
            self.query_one(Rows).fill(rows)
            self._tell()

    def _tell(self) -> None:
        """More of the chosen one."""
        say, picture = self.say, self.keyguard.look_now.picture
        chosen = self.query_one(Rows).chosen
        lines = [plain(say("incidents.none"))]
        if (one := self._incidents.get(chosen)) is not None and picture is not None:
            lines = incident_rows.more(say, picture, one, events=_EVENTS)
        elif (frozen := self._freezes.get(chosen)) is not None:
            lines = incident_rows.more_of_freeze(say, frozen)
        self.query_one("#chosen", Static).update(Content("\n").join(lines))


def _dated(given: Mapping[str, str]) -> str:
    """The name of what is wrong with a day that was typed."""
    try:
        if given["deadline"]:
            end_of(given["deadline"])
    except ValueError:
        return "findings.no_day"
    return ""
