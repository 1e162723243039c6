"""Panic: end many keys at once. First exactly what would die; then, after a word and a countdown, it dies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.widgets import Static

from keyguard.core.errors import UsageError
from keyguard.tui import facts
from keyguard.tui.cells import plain
from keyguard.tui.widgets.form import Field
from keyguard.tui.widgets.job import JobPanel
from keyguard.tui.widgets.rows import Cell, Column, Line, Rows
from keyguard.tui.work import Stage
from keyguard.tui.work_page import WorkPage
from keyguard.workflows import panic

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer

    from keyguard.tui.picture import Picture
    from keyguard.tui.work import Doing, Job
    from keyguard.workflows.panic import Outcome, Target

SECONDS = 10
"""The countdown, in which Escape still stops everything."""
_SCOPES = ("all", "desk", "venue", "person")


class PanicScreen(WorkPage):
    """Nothing is done before the last second of the countdown. Then hand-outs end first, and every key is
    revoked and proven dead; what no API ends is told with its page."""

    NAME = "panic"
    DEFAULT_CSS = """
    PanicScreen #told { height: auto; padding: 0 1; text-style: bold; background: $surface; }
    PanicScreen #told.-counting { background: $error; color: $background; }
    PanicScreen Rows { height: 1fr; min-height: 4; }
    """
    BINDINGS: ClassVar = [
        Binding("s", "scope", "panic.scope"),
        Binding("P", "panic", "panic.panic"),
        Binding("escape", "stop", "panic.stop"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._chosen: Mapping[str, str] = {}
        self._targets: tuple[Target, ...] = ()
        self._outcome: Outcome | None = None
        self._left = 0
        self._timer: Timer | None = None
        self._shown_job: Job | None = None

    def body(self) -> ComposeResult:
        """What will happen, the keys, what is being done."""
        yield Static(id="told")
        yield Rows(id="targets")
        yield JobPanel(self.say, id="job")

    def show(self, picture: Picture) -> None:
        """What is shown was looked up when it was asked for: it does not change under the person's hand."""
        self._draw()

    def on_job_panel_changed(self) -> None:
        """Show what a look-up found, or what came of the panic."""
        super().on_job_panel_changed()
        job = self._begun
        if job is None or job is self._shown_job or job.view.stage is not Stage.DONE:
            return
        self._shown_job = job
        if job.view.kind == "targets":
            self._targets, self._outcome = job.view.result, None
        else:
            self._outcome = job.view.result
            self._targets = self._outcome.targets
        self._draw()

    def action_scope(self) -> None:
        """Step one: which keys."""
        if self._left:
            return
        say = self.say
        choices = tuple((name, say(f"panic.scope_{name}")) for name in _SCOPES)
        fields = (Field("scope", say("panic.which"), "all", choices), Field("name", say("panic.name")))

        def then(given: Mapping[str, str]) -> None:
            if given["scope"] != "all" and not given["name"]:
                self.notify(say("panic.no_name"), markup=False)
                return
            self._targets, self._outcome, self._chosen = (), None, given
            self.do("targets", say("panic.looking"), "panic", partial(_look, given=given))
            self._draw()

        self.ask(say("panic.title"), (plain(say("panic.text")),), fields, then)

    def action_panic(self) -> None:
        """Step two: say how many keys die; then the countdown."""
        say, count = self.say, len(self._targets)
        if not count or self._outcome is not None or self._left:
            self.notify(say("panic.first"), markup=False)
            return

        def then(given: Mapping[str, str]) -> None:
            if given["sure"] != str(count):
                self.notify(say("panic.not_sure"), markup=False)
                return
            self._left = SECONDS
            self._timer = self.set_interval(1.0, self.count_down)
            self._draw()

        fields = (Field("sure", say("panic.sure", n=count)),)
        self.ask(say("panic.title"), (plain(self._meaning()),), fields, then)

    def action_stop(self) -> None:
        """Stop the countdown: nothing was done."""
        if self._left:
            self._still()
            self.notify(self.say("panic.stopped"), markup=False)
            self._draw()

    def count_down(self) -> None:
        """A second has passed; after the last it is done."""
        if not self._left:
            return
        self._left -= 1
        if not self._left:
            self._still()
            title = self.say("panic.title")
            ids = frozenset(one.key.id for one in self._targets)
            self.do("panic", title, "panic", partial(_panic, given=self._chosen, ids=ids))
        self._draw()

    def _still(self) -> None:
        self._left = 0
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _draw(self) -> None:
        say = self.say
        told = self.query_one("#told", Static)
        told.set_class(bool(self._left), "-counting")
        if self._left:
            told.update(plain(say("panic.counting", n=self._left, keys=len(self._targets))))
        elif self._outcome is not None:
            out = self._outcome
            dead, unproven, alive = len(out.dead), len(out.unproven), len(out.alive)
            told.update(plain(say("panic.outcome", dead=dead, unproven=unproven, alive=alive)))
        else:
            told.update(plain(self._meaning() if self._targets else say("panic.nothing")))
        rows = self.query_one(Rows)
        rows.set_columns(
            (
                Column(say("panic.key"), 22, grow=2),
                Column(say("panic.can"), 18, grow=2, rank=1),
                Column(say("panic.becomes"), 20, grow=3),
            )
        )
        rows.fill([Line(one.key.id, self._cells(one)) for one in self._targets])

    def _meaning(self) -> str:
        venues = {one.key.venue for one in self._targets}
        name = self._chosen.get("name", "")
        scope = self.say(f"panic.scope_{self._chosen.get('scope', 'all')}")
        where = f"{scope} {name}".strip()
        return self.say("panic.meaning", scope=where, keys=len(self._targets), venues=len(venues))

    def _cells(self, one: Target) -> Callable[[], Sequence[Cell]]:
        say = self.say

        def cells() -> Sequence[Cell]:
            can = (
                say("people.unknown") if one.scopes is None else " ".join(facts.scope_words(say, one.scopes))
            )
            return Cell(one.key.name, "strong"), Cell(can), self._becomes(one)

        return cells

    def _becomes(self, one: Target) -> Cell:
        say = self.say
        if self._outcome is None:
            return Cell(say("panic.last" if one.manages else "panic.dies"), "high")
        if one.proven_at is not None:
            return Cell(say("panic.dead_inferred" if one.inferred else "panic.dead"), "good")
        if one.revoked_at is not None:
            return Cell(say("panic.unproven"), "medium")
        why = one.error.message if one.error is not None else ""
        page = one.guide.page if one.guide is not None else ""
        return Cell(" ".join(filter(None, (say("panic.alive"), page, why))), "high")


def _look(doing: Doing, *, given: Mapping[str, str]) -> tuple[Target, ...]:
    named = {name: given["name"] if given["scope"] == name else "" for name in _SCOPES[1:]}
    return panic.targets(doing.ports, **named)


def _panic(doing: Doing, *, given: Mapping[str, str], ids: frozenset[str]) -> Outcome:
    """End the keys that were shown, as they are now; UsageError where others came since."""
    chosen = _look(doing, given=given)
    if {one.key.id for one in chosen} - ids:
        raise UsageError(
            "there are more keys now than were shown",
            code="tui.panic_changed",
            still="nothing was done",
            hint="look again: press s",
        )
    scope = " ".join(filter(None, (given["scope"], given["name"])))
    return panic.panic(
        doing.ports,
        chosen,
        scope=scope,
        reason="suspicion",
        actor=doing.actor,
        process_alive=doing.process_alive,
    )
