"""Incidents."""

from __future__ import annotations

from keyguard.tui.widgets.later import Later


class IncidentsScreen(Later):
    """Not built yet."""

    NAME = "incidents"
    MEANWHILE = ()
