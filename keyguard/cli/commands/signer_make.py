"""`keyguard signer make`: a signing key of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import signing
from keyguard.gateway.clock import SystemClock

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="where to; it must not be there yet")
    signing.add_passphrase(parser)
    parser.epilog = (
        "Keep it where only you can read it, a stick say; nobody else needs the file.\n\n"
        "example: keyguard signer make ~/kim.signer && keyguard signer add ~/kim.signer"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Make it; StoreError where the file is there already."""
    from keyguard.stores import signer_file  # noqa: PLC0415 - loads cryptography

    made = signer_file.make(args.file, signing.passphrase(args, new=True), SystemClock().token)
    if out.json:
        out.document({"file": str(args.file), "public_key": made.public})
    else:
        out.data(f"{args.file}: public key {made.public}")
    return 0
