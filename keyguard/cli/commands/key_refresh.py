"""`keyguard key refresh`: the next access token of a sign-in or a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.workflows.refresh import refresh

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("key")
    parser.epilog = (
        "The daemon does this by itself before a token ends, two hours at most.\n\n"
        "example: keyguard key refresh gemini/mm/app"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Refresh, and say until when the new token lasts."""
    with session.opened(args, out) as ports:
        done = refresh(ports, args.key)
    until = None if done.until is None else f"{done.until:%Y-%m-%dT%H:%M:%SZ}"
    if out.json:
        out.document({"key": done.key.name, "expires_at": until})
    else:
        out.data(f"{done.key.name}: a new access token, until {until or 'a time the venue does not tell'}")
    return 0
