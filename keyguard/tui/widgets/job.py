"""One piece of work as a person sees it: what it tells, what it asks, how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from keyguard.core.errors import UsageError
from keyguard.intake.credentials import assemble
from keyguard.tui import asking
from keyguard.tui.cells import plain
from keyguard.tui.widgets.paste import PasteField
from keyguard.tui.widgets.told import Told
from keyguard.tui.words import known
from keyguard.tui.work import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from keyguard.core.exchange import Guide
    from keyguard.core.secret import Secret
    from keyguard.tui.app import KeyguardApp
    from keyguard.tui.asking import Question
    from keyguard.tui.picture import Trouble
    from keyguard.tui.widgets.rows import Rows
    from keyguard.tui.words import Words
    from keyguard.tui.work import Job

_TOLD = 4
"""Of what it told so many of the newest lines are shown."""
_LOOKS = ("bold", "bold", "", "")
_PEM = "-----BEGIN "


class JobPanel(Vertical, can_focus=True):
    """Shows a job and takes its answers. It has the focus while a step is to be ticked, its field while
    something is to be pasted; what was pasted is kept in the field alone until the last part is there."""

    DEFAULT_CSS = """
    JobPanel { height: auto; max-height: 60%; border: round $foreground 30%; padding: 0 1; display: none; }
    JobPanel.-shown { display: block; }
    JobPanel.-asks { border: round $accent; }
    JobPanel:focus { border: heavy $accent; }
    JobPanel Static { height: auto; }
    JobPanel PasteField { display: none; }
    JobPanel.-secret PasteField { display: block; }
    """
    BINDINGS: ClassVar = [
        Binding("enter,space", "done", "job.done"),
        Binding("escape", "app.focus_previous", "job.back", show=False),
    ]

    @dataclass
    class Changed(Message):
        """A job went on."""

    def __init__(self, say: Words, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._say = say
        self._job: Job | None = None
        self._question: Question | None = None
        self._focused_for: Question | None = None
        self._parts: dict[str, Secret] = {}
        self._wrong = ""
        self._unlisten: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        """What it told, what it asks."""
        yield Told(id="told")
        yield Told(id="asked")
        yield PasteField(self._say, id="paste")

    def on_mount(self) -> None:
        """Hear of every change, from whatever thread."""
        if (work := self._keyguard.work) is not None:
            self._unlisten = work.listen(lambda: self.post_message(self.Changed()))

    def on_unmount(self) -> None:
        """Hear no more."""
        if self._unlisten is not None:
            self._unlisten()

    @property
    def asks(self) -> bool:
        """Whether it waits for an answer here."""
        return self._question is not None

    def show(self, job: Job | None, say: Words) -> None:
        """Show this job, None: nothing."""
        if job is not self._job:
            self._job = job
            self._forget()
        self._say = say
        self._draw()

    def focus_question(self) -> None:
        """Have the keys answer what is asked."""
        if self._question is not None:
            self.screen.set_focus(self.query_one(PasteField) if self._wants_secret() else self)

    def take_focus(self, table: Rows) -> None:
        """Have the keys answer a question that is new; give them back to the table when nothing is asked."""
        news, self._focused_for = self._question is not self._focused_for, self._question
        focused = self.screen.focused
        mine = focused is None or self.has_focus or self.has_focus_within
        if self._question is None and mine:
            self.screen.set_focus(table)
        elif self._question is not None and news and (mine or focused is table):
            self.focus_question()

    def action_done(self) -> None:
        """Tick the step that is due, or confirm that all is done."""
        question, job = self._question, self._job
        if question is None or job is None or self._wants_secret():
            return
        self._forget()
        if question.kind == asking.TICK and question.guide is not None:
            job.answer(question.guide.done + 1)
        else:
            job.answer(None)

    def on_paste_field_done(self, event: PasteField.Done) -> None:
        """Take what was pasted: the answer, or one part of it."""
        event.stop()
        question, job, given = self._question, self._job, event.field.take()
        if question is None or job is None:
            return
        if question.kind != asking.CREDENTIAL:
            self._forget()
            job.answer(given)
            return
        self._parts[self._part()] = given
        if self._part():
            self._draw()
            return
        parts, self._parts = self._parts, {}
        try:
            credential = assemble({name: _pem(part.reveal()) for name, part in parts.items()}, question.venue)
        except UsageError as error:
            self._wrong = f"{error.message}; {error.hint}"
            self._draw()
            return
        self._forget()
        job.answer(credential)

    def _draw(self) -> None:
        view = None if self._job is None else self._job.view
        self.set_class(view is not None, "-shown")
        if view is None:
            return
        if view.question is not self._question:
            self._forget()
            self._question = view.question
        self.border_title = plain(f"{view.title} · {self._say(f'job.stage_{view.stage.value}')}")
        lines = [plain(line, "dim") for line in view.lines[-_TOLD:]]
        if view.trouble is not None and view.stage is Stage.FAILED:
            told = (self._why(view.trouble), view.trouble.message, view.still, view.trouble.hint)
            lines += [plain(text, style) for text, style in zip(told, _LOOKS, strict=True) if text]
        self.query_one("#told", Told).update(Content("\n").join(lines))
        self.query_one("#asked", Told).update(Content("\n").join(self._asked()))
        self.set_class(self.asks, "-asks")
        self.set_class(self._wants_secret(), "-secret")

    def _asked(self) -> list[Content]:
        question, say = self._question, self._say
        if question is None:
            return []
        lines = [] if question.guide is None else _guide(say, question.guide)
        if self._wrong:
            lines.append(plain(f"! {self._wrong}", "bold"))
        if question.kind == asking.TICK and question.guide is not None:
            now, of = question.guide.done + 1, len(question.guide.steps)
            lines.append(plain(say("job.ask_tick", now=now, of=of), "bold"))
        elif question.kind == asking.CREDENTIAL and question.guide is not None:
            part, parts = self._part(), question.guide.parts
            lines.append(
                plain(say("job.ask_part", part=part, now=len(self._parts) + 1, of=len(parts)), "bold")
            )
        elif question.kind == asking.SECRET:
            lines.append(plain(question.prompt, "bold"))
        else:
            lines.append(plain(say(f"job.ask_{question.kind}"), "bold"))
        return lines

    def _why(self, trouble: Trouble) -> str:
        """What it means, in the person's language, where more is known than its message says."""
        area, _, what = trouble.code.partition(".")
        name = f"attest.why_{what}"
        return self._say(name) if area == "attest" and known(name) else ""

    def _part(self) -> str:
        """Which part is to be pasted next, "" when all are there."""
        guide = self._question.guide if self._question is not None else None
        parts = guide.parts if guide is not None else ()
        return next((part for part in parts if part not in self._parts), "")

    def _wants_secret(self) -> bool:
        question = self._question
        return question is not None and question.kind in (
            asking.CREDENTIAL,
            asking.SECRET,
            asking.PASSPHRASE,
        )

    def _forget(self) -> None:
        self._question, self._parts, self._wrong = None, {}, ""
        if self.is_mounted:
            self.query_one(PasteField).action_clear()

    @property
    def _keyguard(self) -> KeyguardApp:
        from keyguard.tui.app import KeyguardApp  # noqa: PLC0415 - the app has screens, these have panels

        assert isinstance(self.app, KeyguardApp)
        return self.app


def _guide(say: Words, guide: Guide) -> list[Content]:
    """Title, page, and the steps: done, due, to come."""
    steps = (say.language == "ko" and guide.korean) or guide.steps
    lines = [plain(guide.title, "bold"), plain(say("job.page", page=guide.page))]
    for number, step in enumerate(steps):
        sign = "[x]" if number < guide.done else "[>]" if number == guide.done else "[ ]"
        lines.append(plain(f"{sign} {number + 1}. {step}", "bold" if sign == "[>]" else ""))
    return lines


def _pem(value: str) -> str:
    """As terminals paste them, the lines of a PEM key end in carriage returns."""
    if not value.startswith(_PEM):
        return value.strip()
    return value.replace("\r\n", "\n").replace("\r", "\n").rstrip() + "\n"
