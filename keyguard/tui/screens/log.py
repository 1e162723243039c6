"""Log: the audit log's newest records as they come, searched as one types, verified from the first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content

from keyguard.core.chain import Walk
from keyguard.core.errors import KeyguardError
from keyguard.tui import log_reading
from keyguard.tui.cells import plain
from keyguard.tui.log_reading import Unhurried
from keyguard.tui.widgets.filter import FilterField
from keyguard.tui.widgets.job import JobPanel
from keyguard.tui.widgets.rows import Cell, Column, Line, Lines, Rows
from keyguard.tui.widgets.told import Told
from keyguard.tui.work import Stage
from keyguard.tui.work_page import WorkPage

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widgets import Input

    from keyguard.ports.audit import Entry, Verified
    from keyguard.tui.picture import Picture
    from keyguard.tui.work import Doing

_STEP_S = 0.2
_BAR = 30
PAUSE_S = 0.005
"""Between two steps of a search, in which keys are answered."""


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
        self._kept = log_reading.Kept()
        self._came = False
        self._walk = Walk()

    def body(self) -> ComposeResult:
        """Search, how many, verification, the records, the chosen one."""
        yield FilterField(id="wanted")
        yield Told(id="count")
        yield Told(id="verified")
        yield Rows(id="records")
        yield Told(id="record")
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
        self.run_worker(self._read(), group="read", exclusive=True)

    def on_screen_resume(self) -> None:
        """Look whether the oldest were pruned, too."""
        self._came = True
        super().on_screen_resume()

    def on_rows_moved(self) -> None:
        """Show the record that is chosen."""
        self._tell()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as one types."""
        self._kept.search(event.value)
        self._go_on()

    def on_input_submitted(self) -> None:
        """Enter in the search: on to what it found."""
        self.set_focus(self.query_one(Rows))

    def action_search(self) -> None:
        """Type what to look for."""
        field = self.query_one(FilterField)
        field.add_class("-shown")
        self.set_focus(field)

    def action_clear(self) -> None:
        """All records again."""
        field = self.query_one(FilterField)
        field.value = ""
        field.remove_class("-shown")
        self.set_focus(self.query_one(Rows))

    def action_verify(self) -> None:
        """Recompute the whole log."""
        if self._begun is not None and not self._begun.view.over:
            return
        self._walk = Walk()

        def verify(doing: Doing) -> Verified:
            self._walk = walk = Unhurried(doing.ports.clock.sleep)
            return doing.ports.audit.verify(walk)

        self.do("verify", self.say("log.verify_title"), "log", verify)

    def on_job_panel_changed(self) -> None:
        """The verification is over: its bar says how; the panel only what is wrong."""
        if not self.query(Rows):
            return  # the screen was closed meanwhile
        failed = self._begun is not None and self._begun.view.stage is Stage.FAILED
        panel = self.query_one(JobPanel)
        panel.show(self._begun if failed else None, self.say)
        self._tell_verified()

    async def _read(self) -> None:
        kept = self._kept.entries
        ends = (kept[0 if self._came else -1], kept[-1]) if kept else ()
        try:
            news = await self.keyguard.source.ask(lambda ports: log_reading.news(ports, ends))
        except KeyguardError:
            return  # the notice says why; the next picture brings another try
        self._came = False
        if news.entries or news.anew:
            self._kept.take(news)
            self._go_on()

    def _go_on(self) -> None:
        """Search on: at once what takes no time, the rest between the keys."""
        if self._kept.step():
            self.run_worker(self._search(), group="search", exclusive=True)
        else:
            self._fill()

    async def _search(self) -> None:
        import asyncio  # noqa: PLC0415 - Textual has loaded it

        for _ in iter(self._kept.step, False):
            await asyncio.sleep(PAUSE_S)
        self._fill()

    def _fill(self) -> None:
        if not self.query(Rows):
            return  # the screen was closed meanwhile
        kept = self._kept
        self.query_one(Rows).fill(
            Lines(tuple(kept.found), _line), lambda id_: kept.where(int(id_)), follow=True
        )
        count = self.say("log.count", shown=len(kept.found), all=len(kept.entries))
        self.query_one("#count", Told).update(plain(count))
        self._tell()

    def _tell(self) -> None:
        """The chosen record whole."""
        chosen = self.query_one(Rows).chosen
        index = self._kept.where(int(chosen)) if chosen else -1
        shown = self.query_one("#record", Told)
        if index < 0:
            shown.update(plain(self.say("log.none")))
            return
        told = log_reading.record(self._kept.found[index])
        head = f"{told.number} · {told.at:%Y-%m-%d %H:%M:%S} UTC · {told.stream} · {told.type}"
        lines = [plain(head, "bold"), *(plain(text) for text in log_reading.lines(told.body))]
        shown.update(Content("\n").join(lines))

    def _tell_verified(self) -> None:
        """How far the verification is, and its end."""
        if not self.query(Rows):
            return  # the screen was closed meanwhile
        bar, job = self.query_one("#verified", Told), self._begun
        bar.set_class(job is not None, "-shown")
        if job is None:
            return
        all_, done = max(len(self._kept.entries), self._walk.count, 1), self._walk.count
        if job.view.stage is Stage.DONE:
            right = job.view.result
            bar.update(plain(self.say("log.right", n=right.records, chain=right.chain.hex()[:16])))
        elif job.view.stage is Stage.FAILED:
            bar.update(plain(self.say("log.wrong", n=done)))
        else:
            filled = _BAR * done // all_
            shown = "█" * filled + "░" * (_BAR - filled)
            bar.update(plain(self.say("log.verifying", bar=shown, n=done, all=all_)))


def _line(entry: Entry) -> Line:
    return Line(str(entry.number), partial(_cells, entry))


@lru_cache(maxsize=500)
def _cells(entry: Entry) -> Sequence[Cell]:
    told = log_reading.record(entry)
    return (
        Cell(str(told.number), "dim"),
        Cell(f"{told.at:%Y-%m-%d %H:%M:%S}"),
        Cell(told.stream),
        Cell(told.type, "strong"),
        Cell(log_reading.line(told.body), "dim"),
    )
