"""Rotations: every journalled work as a track, several at once, and what is done about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content

from keyguard.core.errors import KeyguardError
from keyguard.ports.journal import EVERYTHING, Pause
from keyguard.tui import facts, rotating, track
from keyguard.tui.cells import plain
from keyguard.tui.page import Page
from keyguard.tui.widgets.form import Field, Form
from keyguard.tui.widgets.job import JobPanel
from keyguard.tui.widgets.rows import Cell, Column, Line, Rows
from keyguard.tui.widgets.told import Told
from keyguard.tui.work import Stage
from keyguard.workflows import parking
from keyguard.workflows.plan import REASONS, decode
from keyguard.workflows.rotate import OVERLAP_S

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from keyguard.ports.journal import Workflow
    from keyguard.tui.picture import KeyView, Picture
    from keyguard.tui.rotating import Do
    from keyguard.tui.work import Job

PAST = 50
"""Of the finished ones so many of the newest are listed."""


class RotationsScreen(Page):
    """What is unfinished comes first, a row for each key; then what is over. Below, the chosen one: its track
    in words, why it stands still, and what it asks."""

    NAME = "rotations"
    DEFAULT_CSS = """
    RotationsScreen #work { height: 1fr; min-height: 4; }
    RotationsScreen #chosen { height: auto; max-height: 9; padding: 0 1; background: $surface; }
    """
    BINDINGS: ClassVar = [
        Binding("n", "start", "rotations.start"),
        Binding("c", "resume", "rotations.resume"),
        Binding("p", "pause", "rotations.pause"),
        Binding("a", "abort", "rotations.abort"),
        Binding("l", "leave", "rotations.leave"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._unfinished: dict[str, Workflow] = {}
        self._past: dict[str, Workflow] = {}
        self._pauses: Mapping[str, Pause] = {}
        self._aim = ""

    def body(self) -> ComposeResult:
        """The work, more of the chosen one, what it asks."""
        yield Rows(id="work")
        yield Told(id="chosen")
        yield JobPanel(self.say, id="job")

    def on_mount(self) -> None:
        """The table has the focus until something is asked."""
        super().on_mount()
        self.set_focus(self.query_one(Rows))

    def show(self, picture: Picture) -> None:
        """Show the journal as it stands."""
        say = self.say
        self._unfinished = {w.key_id or w.id: w for w in picture.workflows if not w.finished}
        self._past = {w.id: w for w in reversed(picture.workflows) if w.finished}
        self.query_one(Rows).set_columns(
            (
                Column(say("rotations.key"), 20, grow=2),
                Column(say("rotations.kind"), 9, rank=2),
                Column(say("rotations.track"), 10),
                Column(say("rotations.state"), 11),
                Column(say("rotations.now"), 16, grow=4),
                Column(say("rotations.since"), 10, rank=1, right=True),
            )
        )
        self._fill()
        self.in_background(self._read)
        if self._aim:
            target, self._aim = self._aim, ""
            self.aim(target)

    def aim(self, target: str) -> None:
        """Go to this workflow, or to the key of this id or name; offer to rotate a key that no work is open
        for."""
        picture = self.keyguard.look_now.picture
        if picture is None:
            self._aim = target
            return
        workflow = next((w for w in picture.workflows if w.id == target), None)
        if workflow is not None:
            self.query_one(Rows).choose(workflow.id if workflow.finished else workflow.key_id or workflow.id)
            return
        view = picture.by_id.get(target) or picture.key_named(target)
        if view is None:
            return
        if not self.query_one(Rows).choose(view.key.id) or view.key.id not in self._unfinished:
            self._offer(view)

    def on_rows_moved(self) -> None:
        """Say more of the one that is chosen."""
        self._tell()

    def on_rows_opened(self) -> None:
        """To what it asks; where nothing is asked, go on with it."""
        panel = self.query_one(JobPanel)
        if panel.asks:
            panel.focus_question()
        else:
            self.action_resume()

    def on_job_panel_changed(self) -> None:
        """Some work went on."""
        if not self.stands:
            return  # the screen was closed meanwhile
        self._fill()
        self.query_one(JobPanel).take_focus(self.query_one(Rows))

    def action_start(self) -> None:
        """Rotate a key that is named."""
        self._offer(None)

    def action_resume(self) -> None:
        """Go on with the chosen one."""
        workflow = self._chosen()
        if workflow is None or workflow.finished:
            return
        job = self._job(workflow.key_id)
        if job is not None and not job.view.over:
            self.query_one(JobPanel).focus_question()
            return
        self._begin("resume", workflow, rotating.resume(workflow.id))

    def action_pause(self) -> None:
        """Have nobody drive the chosen one."""
        workflow = self._chosen()
        if workflow is None or workflow.finished:
            return
        say = self.say
        title = say("rotations.pause_title", name=self._called(workflow.key_id))
        reason = Field("reason", say("rotations.why"), say("rotations.by_hand"))

        def paused(given: Mapping[str, str] | None) -> None:
            if given is not None:
                self._stop(workflow.key_id)
                self._begin("pause", workflow, rotating.pause(workflow.id, given["reason"]))

        self.app.push_screen(Form(say, title, (plain(say("rotations.pause_text")),), (reason,)), paused)

    def action_abort(self) -> None:
        """Give the chosen one up, if the old key was not touched yet."""
        workflow = self._chosen()
        if workflow is None or workflow.finished:
            return
        say, driving = self.say, self._job(workflow.key_id)
        title = say("rotations.abort_title", name=self._called(workflow.key_id))

        def aborted(given: Mapping[str, str] | None) -> None:
            if given is not None:
                self._begin("abort", workflow, rotating.abort(workflow.id, driving))

        text = (plain(say("rotations.abort_text")),)
        self.app.push_screen(Form(say, title, text, danger=True), aborted)

    def action_leave(self) -> None:
        """Leave what is asked for later: the journal keeps what was done."""
        self._stop(self._key_id())

    def _stop(self, key_id: str) -> None:
        job = self._job(key_id)
        if job is not None:
            job.stop()

    def _offer(self, view: KeyView | None) -> None:
        say = self.say
        if self.keyguard.work is None:
            self.notify(say("form.read_only"), markup=False)
            return
        reasons = tuple((reason, say(f"rotations.reason_{reason}")) for reason in REASONS)
        proposed = "leak" if view is not None and _leaked(view) else REASONS[0]
        fields = (
            Field("key", say("rotations.which"), view.key.name if view is not None else ""),
            Field("reason", say("rotations.reason"), proposed, reasons),
            Field("overlap", say("rotations.overlap"), str(OVERLAP_S // 60)),
        )
        text = (plain(say("rotations.start_text")),)
        self.app.push_screen(Form(say, say("rotations.start_title"), text, fields), self._started)

    def _started(self, given: Mapping[str, str] | None) -> None:
        picture, work = self.keyguard.look_now.picture, self.keyguard.work
        if given is None or picture is None or work is None:
            return
        found = [view for view in picture.keys if given["key"] in (view.key.name, view.key.id)]
        found = found or [view for view in picture.keys if given["key"] and given["key"] in view.key.name]
        if len(found) != 1 or not given["overlap"].isdecimal():
            told = "rotations.no_key" if len(found) != 1 else "rotations.no_overlap"
            self.notify(self.say(told, name=given["key"], n=len(found)), markup=False)
            return
        key = found[0].key
        self._work(key.id, key.name, rotating.start(key.id, given["reason"], int(given["overlap"]) * 60))

    def _begin(self, kind: str, workflow: Workflow, do: Do) -> None:
        self._work(workflow.key_id, self._called(workflow.key_id), do, kind=kind)

    def _work(self, key_id: str, name: str, do: Do, *, kind: str = "rotate") -> None:
        say, work = self.say, self.keyguard.work
        if work is None:
            self.notify(say("form.read_only"), markup=False)
            return
        work.begin(kind, say(f"rotations.job_{kind}", name=name), key_id, do)
        self._fill()
        self.query_one(Rows).choose(key_id)

    async def _read(self) -> None:
        try:
            self._pauses = await self.keyguard.source.ask(lambda ports: dict(ports.journal.pauses()))
        except KeyguardError:
            return  # the notice says why; the next picture brings another try
        self._fill()

    def _fill(self) -> None:
        if not self.stands:
            return  # the screen was closed meanwhile
        picture, work = self.keyguard.look_now.picture, self.keyguard.work
        if picture is None:
            return
        begun = {} if work is None else {job.view.subject: job for job in work.jobs}
        lines = [Line(id_, self._cells(w, picture)) for id_, w in self._unfinished.items()]
        lines += [
            Line(key_id, self._cells_of_job(job))
            for key_id, job in begun.items()
            if key_id in picture.by_id
            and key_id not in self._unfinished
            and job.view.kind in _OURS
            and job.view.stage is not Stage.DONE
        ]
        lines += [Line(id_, self._cells(w, picture)) for id_, w in list(self._past.items())[:PAST]]
        self.query_one(Rows).fill(lines)
        self._tell()

    def _cells(self, workflow: Workflow, picture: Picture) -> Callable[[], Sequence[Cell]]:
        say = self.say

        def cells() -> Sequence[Cell]:
            now = self._now(workflow)
            return (
                Cell(self._called(workflow.key_id), "strong"),
                Cell(_kind(say, workflow.kind)),
                Cell(track.dots(workflow), "good" if workflow.finished else "key"),
                Cell(track.state_word(say, workflow.state)),
                now,
                Cell(facts.ago(say, workflow.updated_at, picture.at), "dim"),
            )

        return cells

    def _cells_of_job(self, job: Job) -> Callable[[], Sequence[Cell]]:
        def cells() -> Sequence[Cell]:
            view = job.view
            empty = Cell("")
            return (
                Cell(self._called(view.subject), "strong"),
                Cell(_kind(self.say, "rotate")),
                empty,
                empty,
                _stage(self.say, job),
                empty,
            )

        return cells

    def _now(self, workflow: Workflow) -> Cell:
        """What keeps it, or that it goes on."""
        if workflow.finished:
            return Cell("")
        say, job = self.say, self._job(workflow.key_id)
        if job is not None and not job.view.over:
            return _stage(say, job)
        if pause := self._pauses.get(workflow.id) or self._pauses.get(EVERYTHING):
            return Cell(say("rotations.paused", by=pause.by, reason=pause.reason), "medium")
        kept = parking.why(workflow)
        if kept is not None:
            name = "needs_person" if kept.again_at is None else "tried_again"
            at = "" if kept.again_at is None else f"{kept.again_at:%H:%M}"
            return Cell(
                say(f"rotations.{name}", why=kept.message, at=at), "high" if kept.person else "medium"
            )
        return Cell(say("rotations.elsewhere"), "dim")

    def _tell(self) -> None:
        """The track in words, the plan, why it stands; and what its job tells and asks."""
        say, workflow = self.say, self._chosen()
        lines = []
        if workflow is not None:
            lines.append(plain(track.spelled(say, workflow)))
            if workflow.kind == "rotate" and "plan" in workflow.data:
                plan = decode(workflow.data["plan"])
                reason = say(f"rotations.reason_{plan.reason}")
                how = say("rotations.by_api" if plan.manager else "rotations.by_page")
                lines.append(plain(say("rotations.plan", reason=reason, n=plan.overlap_s // 60, how=how)))
            now = self._now(workflow).text
            lines += [plain(now, "bold")] if now else []
            command = f"keyguard workflow show {workflow.id}"
            lines.append(plain(say("home.command", command=command), "dim"))
        elif not self.query_one(Rows).chosen:
            lines.append(plain(say("rotations.none")))
        self.query_one("#chosen", Told).update(Content("\n").join(lines))
        self.query_one(JobPanel).show(self._job(self._key_id()), say)

    def _key_id(self) -> str:
        """The key of the chosen row, whose job is shown; "" for what is over."""
        chosen = self.query_one(Rows).chosen
        return "" if chosen in self._past else chosen

    def _chosen(self) -> Workflow | None:
        chosen = self.query_one(Rows).chosen
        return self._unfinished.get(chosen) or self._past.get(chosen)

    def _job(self, key_id: str) -> Job | None:
        work = self.keyguard.work
        return None if work is None or not key_id else work.about(key_id)

    def _called(self, key_id: str) -> str:
        picture = self.keyguard.look_now.picture
        view = picture.by_id.get(key_id) if picture is not None else None
        return view.key.name if view is not None else key_id


_OURS = frozenset({"rotate", "resume", "abort", "pause"})
_KINDS = frozenset({"rotate", "revoke", "minimise", "migrate"})


def _kind(say: Callable[..., str], kind: str) -> str:
    return say(f"rotations.kind_{kind}") if kind in _KINDS else kind


def _stage(say: Callable[..., str], job: Job) -> Cell:
    view = job.view
    looks = {Stage.ASKING: "key", Stage.FAILED: "high", Stage.RUNNING: "good", Stage.DONE: "good"}
    text = say(f"job.stage_{view.stage.value}")
    if view.stage is Stage.FAILED and view.trouble is not None:
        text = f"{text}: {view.trouble.message}"
    elif view.stage is Stage.RUNNING and view.lines:
        text = f"{text}: {view.lines[-1]}"
    return Cell(text, looks[view.stage])


def _leaked(view: KeyView) -> bool:
    return any(finding.item.kind.value == "leak" for finding in view.findings)
