"""Everything that ends, by date."""

from __future__ import annotations

from keyguard.tui.widgets.later import Later


class RadarScreen(Later):
    """Not built yet."""

    NAME = "radar"
    MEANWHILE = ("keyguard attention",)
