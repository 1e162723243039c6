"""Log: the audit log's newest records as they come, searched as one types, verified from the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.widgets import Input, Static

from keyguard.core.chain import Walk
from keyguard.core.errors import KeyguardError
from keyguard.tui import log_reading
from keyguard.tui.cells import plain
from keyguard.tui.widgets.filter import FilterField
from keyguard.tui.widgets.job import JobPanel
from keyguard.tui.widgets.rows import Cell, Column, Line, Rows
from keyguard.tui.work import Stage
from keyguard.tui.work_page import WorkPage

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from keyguard.ports.audit import Entry
    from keyguard.tui.picture import Picture

_STEP_S = 0.2
_BAR = 30


class LogScreen(WorkPage):
    """The cursor stays on the last record while it is there: what comes is seen. Below, the chosen one."""

    NAME = "log"
    DEFAULT_CSS = """
    LogScreen #wanted { display: none; }
    LogScreen #wanted.-shown { display: block; }
    LogScreen #count, LogScreen #verified { height: 1; padding: 0 1; background: $surface; }
    LogScreen #verified { display: none; text-style: bold; }
    LogScreen #verified.-shown { display: block; }
    LogScreen #record { height: auto; max-height: 9; padding: 0 1; background: $surface; }
    """
    BINDINGS: ClassVar = [
        Binding("slash", "search", "log.search", key_display="/"),
        Binding("v", "verify", "log.verify"),
        Binding("escape", "clear", "log.clear", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._entries: Sequence[Entry] = ()
        self._shown_entries: dict[str, Entry] = {}
        self._typed = ""
        self._walk = Walk()

    def body(self) -> ComposeResult:
        """Search, how many, verification, the records, the chosen one."""
        yield FilterField(id="wanted")
        yield Static(id="count")
        yield Static(id="verified")
        yield Rows(id="records")
        yield Static(id="record")
        yield JobPanel(self.say, id="job")

    def on_mount(self) -> None:
        """Show how far a verification is, as it goes."""
        super().on_mount()
        self.set_interval(_STEP_S, self._tell_verified)

    def show(self, picture: Picture) -> None:
        """Something was committed: perhaps a record."""
        say = self.say
        self.query_one(FilterField).placeholder = say("log.hint")
        self.query_one(Rows).set_columns(
            (
                Column(say("log.number"), 6, right=True),
                Column(say("log.at"), 19),
                Column(say("log.stream"), 9, rank=2),
                Column(say("log.type"), 18),
                Column(say("log.body"), 20, grow=1, rank=1),
            )
        )
        self._fill()
        self.run_worker(self._read(), exclusive=True, group="read")

    def on_rows_moved(self) -> None:
        """Show the record that is chosen."""
        self._tell()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as one types."""
        self._typed = event.value
        self._fill()

    def on_input_submitted(self) -> None:
        """Enter in the search: on to what it found."""
        self.query_one(Rows).focus()

    def action_search(self) -> None:
        """Type what to look for."""
        field = self.query_one(FilterField)
        field.add_class("-shown")
        field.focus()

    def action_clear(self) -> None:
        """All records again."""
        field = self.query_one(FilterField)
        field.value = ""
        field.remove_class("-shown")
        self.query_one(Rows).focus()

    def action_verify(self) -> None:
        """Recompute the whole log."""
        if self._begun is not None and not self._begun.view.over:
            return
        self._walk = walk = Walk()
        self.do("verify", self.say("log.verify_title"), "log", lambda doing: doing.ports.audit.verify(walk))

    def on_job_panel_changed(self) -> None:
        """The verification is over: its bar says how; the panel only what is wrong."""
        if not self.query(Rows):
            return  # the screen was closed meanwhile
        failed = self._begun is not None and self._begun.view.stage is Stage.FAILED
        panel = self.query_one(JobPanel)
        panel.show(self._begun if failed else None, self.say)
        self._tell_verified()

    async def _read(self) -> None:
        try:
            self._entries = await self.keyguard.source.ask(log_reading.tail)
        except KeyguardError:
            return  # the notice says why; the next picture brings another try
        self._fill()

    def _fill(self) -> None:
        if not self.query(Rows):
            return  # the screen was closed meanwhile
        rows = self.query_one(Rows)
        last = next(reversed(self._shown_entries), "")
        follows = rows.chosen in ("", last)
        words = [word.encode() for word in self._typed.lower().split()]
        found = [entry for entry in self._entries if log_reading.holds(entry, words)]
        self._shown_entries = {str(entry.number): entry for entry in found}
        rows.fill([Line(id_, self._cells(entry)) for id_, entry in self._shown_entries.items()])
        if follows:
            rows.action_end(1)
        count = self.say("log.count", shown=len(found), all=len(self._entries))
        self.query_one("#count", Static).update(plain(count))
        self._tell()

    def _cells(self, entry: Entry) -> Callable[[], Sequence[Cell]]:
        def cells() -> Sequence[Cell]:
            told = log_reading.record(entry)
            return (
                Cell(str(told.number), "dim"),
                Cell(f"{told.at:%Y-%m-%d %H:%M:%S}"),
                Cell(told.stream),
                Cell(told.type, "strong"),
                Cell(log_reading.line(told.body), "dim"),
            )

        return cells

    def _tell(self) -> None:
        """The chosen record whole."""
        entry = self._shown_entries.get(self.query_one(Rows).chosen)
        shown = self.query_one("#record", Static)
        if entry is None:
            shown.update(plain(self.say("log.none")))
            return
        told = log_reading.record(entry)
        head = f"{told.number} · {told.at:%Y-%m-%d %H:%M:%S} UTC · {told.stream} · {told.type}"
        lines = [plain(head, "bold"), *(plain(text) for text in log_reading.lines(told.body))]
        shown.update(Content("\n").join(lines))

    def _tell_verified(self) -> None:
        """How far the verification is, and its end."""
        if not self.query(Rows):
            return  # the screen was closed meanwhile
        bar, job = self.query_one("#verified", Static), self._begun
        bar.set_class(job is not None, "-shown")
        if job is None:
            return
        all_, done = max(len(self._entries), self._walk.count, 1), self._walk.count
        if job.view.stage is Stage.DONE:
            right = job.view.result
            bar.update(plain(self.say("log.right", n=right.records, chain=right.chain.hex()[:16])))
        elif job.view.stage is Stage.FAILED:
            bar.update(plain(self.say("log.wrong", n=done)))
        else:
            filled = _BAR * done // all_
            shown = "█" * filled + "░" * (_BAR - filled)
            bar.update(plain(self.say("log.verifying", bar=shown, n=done, all=all_)))
