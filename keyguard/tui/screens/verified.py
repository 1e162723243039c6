"""What the verifier says of a past export, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from keyguard.kga.verdict import Exit
from keyguard.tui.cells import plain
from keyguard.tui.widgets.modal import Modal

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from keyguard.kga.verdict import Check
    from keyguard.tui.words import Words

_SIGNS = {Exit.VERIFIED: "✓", Exit.WARNINGS: "·", Exit.FAILED: "✗", Exit.MALFORMED: "✗"}


class Verified(Modal[None]):
    """The verdict, then every step with its detail, in the verifier's own words."""

    DEFAULT_CSS = """
    Verified { align: center middle; }
    Verified > Vertical { width: 90%; max-width: 110; height: auto; max-height: 95%; border: round $success;
        background: $surface; padding: 0 1; }
    Verified.-failed > Vertical { border: heavy $error; }
    Verified VerticalScroll { height: auto; max-height: 100%; margin-top: 1; }
    """
    BINDINGS: ClassVar = [Binding("escape,enter,q", "dismiss(None)", "form.leave")]

    def __init__(self, say: Words, id_: str, checks: Sequence[Check]) -> None:
        self._worst = max((check.outcome for check in checks), default=Exit.MALFORMED)
        super().__init__(classes="-failed" if self._worst > Exit.WARNINGS else "")
        self._say, self._about, self._checks = say, id_, checks

    def compose(self) -> ComposeResult:
        """The verdict first."""
        with Vertical() as frame:
            frame.border_title = plain(self._about)
            yield Static(plain(self._say(f"attest.verdict_{self._worst.name.lower()}"), "bold"))
            with VerticalScroll():
                for check in sorted(self._checks, key=lambda one: one.step):
                    detail = f": {check.detail}" if check.detail else ""
                    look = "bold" if check.outcome > Exit.WARNINGS else ""
                    yield Static(plain(f"{_SIGNS[check.outcome]} {check.what}{detail}", look))
            yield Static(plain(self._say("attest.verified_how"), "dim"))

    def on_mount(self) -> None:
        """Long ones are scrolled by key."""
        self.set_focus(self.query_one(VerticalScroll))
