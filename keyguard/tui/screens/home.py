"""What needs somebody now."""

from __future__ import annotations

from keyguard.tui.widgets.later import Later


class HomeScreen(Later):
    """Not built yet."""

    NAME = "home"
    MEANWHILE = ("keyguard attention",)
