"""A key's page: all that is known of it, and how each thing is known."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content

from keyguard.core.errors import KeyguardError
from keyguard.tui import key_sections
from keyguard.tui.cells import plain
from keyguard.tui.key_reading import detail
from keyguard.tui.navigation import NEW
from keyguard.tui.page import Page
from keyguard.tui.widgets.told import Told

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from keyguard.tui.key_reading import KeyDetail
    from keyguard.tui.picture import Picture

_COLUMN = 76
"""Cells that a column of sections wants."""


class KeyPage(Page):
    """Opened from wherever a key is named. `r` and `i` start what can be done about it."""

    NAME = "keys"
    DEFAULT_CSS = """
    KeyPage #name { height: 1; padding: 0 1; text-style: bold; background: $surface; }
    KeyPage #sections { layout: grid; grid-size: 1; grid-rows: auto; grid-gutter: 1 2; padding: 0 1;
        height: 1fr; }
    KeyPage #sections Static { height: auto; }
    """
    BINDINGS: ClassVar = [
        Binding("escape,backspace,left", "back", "keypage.back", key_display="esc"),
        Binding("r", "do('rotations')", "keypage.rotate"),
        Binding("f", "do('findings')", "keypage.findings"),
        Binding("I", "incident", "home.incident"),
    ]

    def __init__(self, key_id: str) -> None:
        super().__init__()
        self._key_id = key_id
        self._detail: KeyDetail | None = None
        self._read_for: Picture | None = None

    def body(self) -> ComposeResult:
        """The sections in the order they are read."""
        yield Told(id="name")
        with VerticalScroll(id="sections"):
            for section in key_sections.SECTIONS:
                yield Told(id=section.__name__)

    def on_resize(self) -> None:
        """As many columns as there is room for."""
        if self.stands:
            self.query_one("#sections").styles.grid_size_columns = max(min(self.size.width // _COLUMN, 3), 1)

    def show(self, picture: Picture) -> None:
        """Show what the list knows at once; versions and the log's events when they are read."""
        view = picture.by_id.get(self._key_id)
        if view is None:
            self.query_one("#name", Told).update(plain(self.say("keypage.gone")))
            return
        simulated = f"   {self.say('shell.simulated')}" if view.key.venue in picture.simulated else ""
        self.query_one("#name", Told).update(plain(view.key.name + simulated))
        for section in key_sections.SECTIONS:
            lines = section(self.say, picture, view, self._detail)
            self.query_one(f"#{section.__name__}", Told).update(Content("\n").join(lines))
        if self._read_for is not picture:
            self._read_for = picture
            self.in_background(partial(self._read, picture))

    async def _read(self, picture: Picture) -> None:
        key = picture.by_id[self._key_id].key
        try:
            self._detail = await self.keyguard.source.ask(lambda ports: detail(ports, key))
        except KeyguardError:
            return  # the notice says why the home cannot be read; the next picture brings another try
        if self.stands:
            self.show(picture)

    def action_back(self) -> None:
        """To the list."""
        self.dismiss(None)

    async def action_do(self, place: str) -> None:
        """Go where this is done, with this key."""
        await self.keyguard.go(place, self._key_id)

    async def action_incident(self) -> None:
        """Open an incident of this key."""
        await self.keyguard.go("incidents", f"{NEW}{self._key_id}")
