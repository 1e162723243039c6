"""Findings."""

from __future__ import annotations

from keyguard.tui.widgets.later import Later


class FindingsScreen(Later):
    """Not built yet."""

    NAME = "findings"
    MEANWHILE = ("keyguard finding list", "keyguard scan --known")
