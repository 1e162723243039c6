"""What stands where a screen is not built yet: that, and the command that does it meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.content import Content
from textual.widgets import Static

from keyguard.tui.cells import plain
from keyguard.tui.page import Page

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from keyguard.tui.picture import Picture


class Later(Page):
    """A screen that is planned. `MEANWHILE` do its work on the command line already."""

    DEFAULT_CSS = """
    Later Static { padding: 1 2; }
    """
    MEANWHILE: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self._target = ""

    def body(self) -> ComposeResult:
        """One text."""
        yield Static(id="later")

    def aim(self, target: str) -> None:
        """Remember what somebody came for."""
        self._target = target
        self._tell()

    def show(self, picture: Picture) -> None:
        """The text does not hang on the picture, but on the language."""
        self._tell()

    def on_mount(self) -> None:
        """Do not wait for a picture."""
        self._tell()
        super().on_mount()

    def _tell(self) -> None:
        say = self.say
        lines = [plain(say(f"places.{self.NAME}"), "bold"), plain(say(f"places.{self.NAME}_help")), plain("")]
        lines.append(plain(say("places.later")))
        lines += [plain(say("places.later_command", command=command)) for command in self.MEANWHILE]
        if not self.MEANWHILE:
            lines.append(plain(say("places.later_none")))
        if self._target:
            lines += [plain(""), plain(say("places.later_target", target=self._target))]
        self.query_one("#later", Static).update(Content("\n").join(lines))
