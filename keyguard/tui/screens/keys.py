"""All keys."""

from __future__ import annotations

from keyguard.tui.widgets.later import Later


class KeysScreen(Later):
    """Not built yet."""

    NAME = "keys"
    MEANWHILE = ("keyguard key list",)
