"""`keyguard attest key make`: the key with which an officer signs attestations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import attesting, session
from keyguard.gateway.clock import SystemClock

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="where to; it must not be there yet")
    attesting.add_passphrase(parser)
    parser.epilog = (
        "For the officer alone, on a stick say: no program that trades needs it, and no store holds it.\n"
        "Register the public half with `keyguard attester add`.\n\n"
        "example: keyguard attest key make /media/stick/kim.attester"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Make it; StoreError where the file is there already."""
    from keyguard.stores import signer_file  # noqa: PLC0415 - loads cryptography
    from keyguard.stores.passphrase import check_new, read_passphrase  # noqa: PLC0415 - as above
    from keyguard.workflows.trust_file import grouped, key_json  # noqa: PLC0415 - as above

    files = args.signer_passphrase_file
    given = read_passphrase(files[0]) if files else session.prompt_twice("passphrase of the attester's key: ")
    made = signer_file.make(args.file, check_new(given), SystemClock().token, holds=signer_file.ATTESTATIONS)
    told = key_json(bytes.fromhex(made.public))
    if out.json:
        out.document({"file": str(args.file), **told})
    else:
        out.data(f"{args.file}: an attester's key (Ed25519)")
        out.data(f"public key  {told['public_key']}")
        out.data(f"SHA-256     {grouped(told['key_sha256'])}")
        out.talk(f"keyguard: next: keyguard attester add 'compliance officer' --key {told['public_key']}")
    return 0
