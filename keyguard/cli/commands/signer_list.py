"""`keyguard signer list`: whose signing keys are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.cli.views import instant

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "Past ones too: what they signed stays checkable.\n\nexample: keyguard signer list"


def run(args: argparse.Namespace, out: Output) -> int:
    """List them, oldest first."""
    with session.opened(args, out) as ports:
        keys = ports.people.signing_keys()
    if out.json:
        out.document(
            [
                {
                    "id": key.id,
                    "person": key.person,
                    "public_key": key.public,
                    "since": instant(key.span.since),
                    "ended_at": instant(key.span.ended_at),
                }
                for key in keys
            ]
        )
        return 0
    rows = [
        (
            key.id,
            key.person,
            key.public,
            f"{key.span.since:%Y-%m-%d}",
            f"{key.span.ended_at:%Y-%m-%d}" if key.span.ended_at else "",
        )
        for key in keys
    ]
    out.table(("signing key", "person", "public key", "since", "ended"), rows)
    return 0
