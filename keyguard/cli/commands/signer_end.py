"""`keyguard signer end`: end a signing key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session, signing
from keyguard.workflows import signers

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("key", help="its id or the beginning of it")
    signing.add_arguments(parser)
    parser.epilog = (
        "One's own takes the key itself; a lost one is ended by another person.\n\n"
        "example: keyguard signer end sk_5c1f --signer ~/kim.signer"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """End it now."""
    signer = signing.signer(args)
    with session.opened(args, out) as ports:
        key = signers.end(ports, args.key, actor=session.actor(), signer=signer)
    if out.json:
        out.document({"id": key.id, "person": key.person})
    else:
        out.data(f"{key.id} of {key.person} has ended")
    return 0
