"""What a person says before something is done: a few fields, or only yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from keyguard.tui.cells import plain
from keyguard.tui.widgets.filter import LONGEST, FilterField
from keyguard.tui.widgets.modal import Modal

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.content import Content

    from keyguard.tui.words import Words

SENTENCE = 400
"""The longest of a text that is kept in words."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to say. With `choices` (value, what it is called) one of them, else a text of so many
    characters at most."""

    name: str
    label: str
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    longest: int = LONGEST


def end_of(day: str) -> datetime:
    """The end of a day like 2026-12-31, UTC; ValueError for anything else."""
    return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)


class Choice(Widget, can_focus=True):
    """One of a few values: left and right change it."""

    DEFAULT_CSS = """
    Choice { height: 1; padding: 0 1; }
    Choice:focus { background: $panel; text-style: bold; }
    """
    BINDINGS: ClassVar = [
        Binding("left,h", "turn(-1)", "form.before", show=False),
        Binding("right,l,space", "turn(1)", "form.next", show=False),
    ]

    def __init__(self, field: Field, *, id: str) -> None:
        super().__init__(id=id)
        self._choices = field.choices
        self._at = next((i for i, (value, _) in enumerate(field.choices) if value == field.value), 0)

    @property
    def value(self) -> str:
        """What is chosen."""
        return self._choices[self._at][0]

    def render(self) -> Content:
        """The one that is chosen."""
        return plain(f"‹ {self._choices[self._at][1]} ›")

    def action_turn(self, by: int) -> None:
        """The next one, or the one before."""
        self._at = (self._at + by) % len(self._choices)
        self.refresh()


MANY = 6
"""More fields than that stand beside their labels, a line each."""


class Form(Modal[Mapping[str, str] | None]):
    """Title, what will happen, fields; of many each stands beside its label. Enter goes on to the next field
    and from the last one does it, Ctrl+S from any; with `danger` there are no fields and only the letter y
    does it. Escape leaves it undone."""

    DEFAULT_CSS = """
    Form { align: center middle; }
    Form > Vertical { width: 90%; max-width: 110; height: auto; max-height: 95%; border: round $primary;
        background: $surface; padding: 0 1; }
    Form.-danger > Vertical { border: heavy $error; }
    Form VerticalScroll { height: auto; max-height: 100%; }
    Form FilterField, Form Choice { background: $background; }
    Form FilterField:focus, Form Choice:focus { background: $panel; }
    Form .label { height: 1; text-style: bold; margin-top: 1; }
    Form #fields { height: auto; max-height: 100%; }
    Form.-many #fields { margin-top: 1; height: auto; }
    Form.-many #fields > Horizontal { height: 1; }
    Form.-many .label { width: 26; margin-top: 0; }
    Form.-many FilterField, Form.-many Choice { width: 1fr; }
    Form.-many Choice { padding: 0; }
    Form #how { height: auto; margin-top: 1; color: $foreground 70%; }
    """
    BINDINGS: ClassVar = [
        Binding("escape", "dismiss(None)", "form.leave"),
        Binding("enter", "go_on", "form.go_on", priority=True),
        Binding("ctrl+s", "at_once", "form.at_once", priority=True),
        Binding("y", "yes", "form.yes", show=False),
    ]

    def __init__(
        self,
        say: Words,
        title: str,
        text: Sequence[Content] = (),
        fields: Sequence[Field] = (),
        *,
        danger: bool = False,
    ) -> None:
        super().__init__(classes="-danger" if danger else "-many" if len(fields) > MANY else "")
        self._say, self._title, self._text, self._fields, self._danger = say, title, text, fields, danger

    def compose(self) -> ComposeResult:
        """In the order it is read aloud."""
        with Vertical() as frame:
            frame.border_title = plain(self._title)
            with VerticalScroll(can_focus=not self._fields):
                for line in self._text:
                    yield Static(line)
            with VerticalScroll(id="fields", can_focus=False):
                for field in self._fields:
                    label = Static(plain(field.label), classes="label")
                    if self.has_class("-many"):
                        yield Horizontal(label, _asked(field))
                    else:
                        yield label
                        yield _asked(field)
            yield Static(plain(self._say("form.danger" if self._danger else "form.how")), id="how")

    def on_mount(self) -> None:
        """Fill in what is proposed; begin with the first."""
        for field in self._fields:
            if not field.choices:
                self.query_one(f"#field_{field.name}", FilterField).value = field.value
        if self._fields:
            self.set_focus(self.query_one(f"#field_{self._fields[0].name}"))

    def action_go_on(self) -> None:
        """To the next field, or do it."""
        ids = [f"field_{field.name}" for field in self._fields]
        at = ids.index(self.focused.id) if self.focused is not None and self.focused.id in ids else -1
        if self._danger:
            return
        if self._fields and 0 <= at < len(ids) - 1:
            self.set_focus(self.query_one(f"#{ids[at + 1]}"))  # at once: what is typed next belongs there
        else:
            self.action_at_once()

    def action_at_once(self) -> None:
        """Do it with what stands in the fields, wherever one is, once what was typed has arrived there."""
        if not self._danger:
            (self.focused or self).call_later(self._do)

    def _do(self) -> None:
        self.dismiss(self._given())

    def action_yes(self) -> None:
        """Do what is dangerous."""
        if self._danger:
            self.dismiss({})

    def _given(self) -> dict[str, str]:
        given = {}
        for field in self._fields:
            widget = self.query_one(f"#field_{field.name}")
            assert isinstance(widget, Choice | FilterField)
            given[field.name] = widget.value.strip()
        return given


def _asked(field: Field) -> Choice | FilterField:
    id_ = f"field_{field.name}"
    return Choice(field, id=id_) if field.choices else FilterField(id=id_, longest=field.longest)
