"""Recertification and approvals."""

from __future__ import annotations

from keyguard.tui.widgets.later import Later


class ReviewsScreen(Later):
    """Not built yet."""

    NAME = "reviews"
    MEANWHILE = ("keyguard approve",)
