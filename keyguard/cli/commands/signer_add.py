"""`keyguard signer add`: have what one approves signed with one's own key from now on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import session, signing
from keyguard.workflows import signers

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="as `keyguard signer make` made it")
    signing.add_passphrase(parser)
    parser.epilog = (
        "For the person who runs it alone: nobody adds a key for another.\n\n"
        "example: keyguard signer add ~/kim.signer"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Register it."""
    signer = signing.opened(args, args.file)
    with session.opened(args, out) as ports:
        key = signers.register(ports, signer, actor=session.actor())
    if out.json:
        out.document({"id": key.id, "person": key.person, "public_key": key.public})
    else:
        out.data(f"{key.id}: {key.person} signs with {key.public}")
    return 0
