"""Everything revoked at once."""

from __future__ import annotations

from keyguard.tui.widgets.later import Later


class PanicScreen(Later):
    """Not built yet."""

    NAME = "panic"
    MEANWHILE = ("keyguard key revoke KEY --reason REASON",)
