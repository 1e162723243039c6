"""Evidence for a venue or an auditor."""

from __future__ import annotations

from keyguard.tui.widgets.later import Later


class AttestScreen(Later):
    """Not built yet."""

    NAME = "attest"
    MEANWHILE = ()
