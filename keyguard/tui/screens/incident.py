"""An incident's page: everything that happened, how far it has come, what is next."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from keyguard.core.errors import KeyguardError
from keyguard.tui import incident_rows
from keyguard.tui.cells import plain
from keyguard.tui.page import Page
from keyguard.tui.widgets.told import Told

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from keyguard.core.incidents import Incident
    from keyguard.tui.picture import Picture


class IncidentPage(Page):
    """Opened from the list, where its keys are pressed; Escape leads back there."""

    NAME = "incidents"
    DEFAULT_CSS = """
    IncidentPage #name { height: auto; padding: 0 1; text-style: bold; background: $surface; }
    IncidentPage VerticalScroll { padding: 0 1; height: 1fr; }
    IncidentPage #all { height: auto; }
    """
    BINDINGS: ClassVar = [Binding("escape,backspace,left", "back", "keypage.back", key_display="esc")]

    def __init__(self, incident: Incident) -> None:
        super().__init__()
        self._incident = incident

    def body(self) -> ComposeResult:
        """Which, about what; all of it."""
        yield Told(id="name")
        with VerticalScroll():
            yield Told(id="all")

    def show(self, picture: Picture) -> None:
        """Show what is known, and read whether there is more."""
        self._draw(picture)
        self.in_background(partial(self._read, picture))

    def action_back(self) -> None:
        """To the list."""
        self.dismiss(None)

    async def _read(self, picture: Picture) -> None:
        id_ = self._incident.id
        try:
            self._incident = await self.keyguard.source.ask(lambda ports: ports.incidents.find(id_))
        except KeyguardError:
            return  # the notice says why; the next picture brings another try
        if self.stands:
            self._draw(picture)

    def _draw(self, picture: Picture) -> None:
        say, one = self.say, self._incident
        about = ", ".join(incident_rows.names(picture, one) or one.names or one.venues)
        head = f"{one.id} · {say(f'incidents.kind_{one.kind.value}')} · {about}"
        self.query_one("#name", Static).update(plain(head))
        self.query_one("#all", Static).update(Content("\n").join(incident_rows.more(say, picture, one)))
