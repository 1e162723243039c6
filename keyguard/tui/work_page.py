"""What screens share on which things are done: the work that is shown, and how it is begun."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keyguard.tui.page import Page
from keyguard.tui.widgets.form import Field, Form
from keyguard.tui.widgets.job import JobPanel
from keyguard.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from textual.content import Content

    from keyguard.tui.work import Doing, Job


class WorkPage(Page):
    """A page with one table, `Rows`, and one `JobPanel`, which shows the work begun here last."""

    _begun: Job | None = None

    def on_mount(self) -> None:
        """The table has the focus until something is asked."""
        super().on_mount()
        self.set_focus(self.query_one(Rows))

    def on_job_panel_changed(self) -> None:
        """The work went on: show it, and have the keys answer what it asks."""
        if not self.stands:
            return  # the screen was closed meanwhile
        panel = self.query_one(JobPanel)
        panel.show(self._begun, self.say)
        panel.take_focus(self.query_one(Rows))

    def ask(
        self,
        title: str,
        text: Sequence[Content],
        fields: Sequence[Field],
        then: Callable[[Mapping[str, str]], None],
        *,
        danger: bool = False,
    ) -> None:
        """Have the person say what is needed, then go on; nothing happens where they leave the form."""
        if self.keyguard.work is None:
            self.notify(self.say("form.read_only"), markup=False)
            return

        def said(given: Mapping[str, str] | None) -> None:
            if given is not None:
                then(given)

        self.app.push_screen(Form(self.say, title, text, fields, danger=danger), said)

    def do(self, kind: str, title: str, subject: str, work: Callable[[Doing], Any]) -> None:
        """Begin a piece of work and show it."""
        if self.keyguard.work is None:
            self.notify(self.say("form.read_only"), markup=False)
            return
        self._begun = self.keyguard.work.begin(kind, title, subject, work)
        self.on_job_panel_changed()
