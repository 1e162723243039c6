"""`keyguard attester remove`: say in the log that a key signs no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import sealing, session
from keyguard.workflows import attesters

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("signer", help="its label, or its public key")
    parser.epilog = "example: keyguard attester remove 'officer Kim'"


def run(args: argparse.Namespace, out: Output) -> int:
    """Record, then seal."""
    with session.opened(args, out) as ports:
        gone = attesters.remove(ports, args.signer)
        sealing.seal_soon(ports, out)
    if out.json:
        out.document({"role": gone.role, "label": gone.label, "until": gone.until})
    else:
        out.data(f"{gone.label} signs no more")
    return 0
