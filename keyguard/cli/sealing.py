"""Seals as commands make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.core.errors import KeyguardError

if TYPE_CHECKING:
    from keyguard.cli.output import Output
    from keyguard.ports.all import Ports


def seal_soon(ports: Ports, out: Output) -> None:
    """Seal what must not wait for the day's seal. What was done stands whether or not that works."""
    from keyguard.workflows.log_day import keep_sealed  # noqa: PLC0415 - not for commands that end before

    try:
        keep_sealed(ports)
    except KeyguardError as error:
        out.talk(f"keyguard: the log was not sealed: {error.message}")
        if error.hint:
            out.talk(f"keyguard: hint: {error.hint}")
