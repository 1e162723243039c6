"""Persons and what they may use."""

from __future__ import annotations

from keyguard.tui.widgets.later import Later


class PeopleScreen(Later):
    """Not built yet."""

    NAME = "people"
    MEANWHILE = ("keyguard person list", "keyguard grant list")
