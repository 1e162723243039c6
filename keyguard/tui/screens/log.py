"""The audit log."""

from __future__ import annotations

from keyguard.tui.widgets.later import Later


class LogScreen(Later):
    """Not built yet."""

    NAME = "log"
    MEANWHILE = ("keyguard log show", "keyguard log verify")
