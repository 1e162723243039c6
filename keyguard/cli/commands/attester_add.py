"""`keyguard attester add`: say in the log that a key signs for the firm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import sealing, session
from keyguard.workflows import attesters

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("label", help="what to call it, such as the officer's title")
    parser.add_argument("--role", choices=attesters.ROLES, default="attester")
    parser.add_argument(
        "--key", required=True, metavar="K", help="base64 of an Ed25519 public key; a witness's verifier key"
    )
    parser.add_argument("--person", default="", metavar="P", help="whose key it is, by pseudonym in the log")
    parser.add_argument("--reason", default="", metavar="R", help="for the second person")
    parser.epilog = (
        "Every recipient of an attestation sees it. Where people are declared a second one has to agree.\n\n"
        "example: keyguard attester add 'audit unit' --role witness --key w1.example+0a1b2c3d+BA…="
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Record, then seal: recipients accept a new key only by a sealed record."""
    with session.opened(args, out) as ports:
        added = attesters.add(
            ports,
            args.role,
            args.key,
            args.label,
            actor=session.actor(),
            person=args.person,
            why=args.reason,
        )
        sealing.seal_soon(ports, out)
    if out.json:
        out.document({"role": added.role, "label": added.label, "since": added.since})
    else:
        out.data(f"{added.label} signs as {added.role} from {added.since}")
    return 0
