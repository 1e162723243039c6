"""Rotations and other journalled work."""

from __future__ import annotations

from keyguard.tui.widgets.later import Later


class RotationsScreen(Later):
    """Not built yet."""

    NAME = "rotations"
    MEANWHILE = ("keyguard workflow list", "keyguard key rotate KEY")
