"""`keyguard attest sign`: the second signature on an attestation that waits for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import attesting, session
from keyguard.cli.commands import attest as attest_command
from keyguard.core.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("id", help="as `keyguard attest` named it")
    attesting.add_signers(parser, several=False)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where the file goes")
    parser.epilog = "example: keyguard attest sign KGA-0f1e2d3c-upbit-0002 --signer lee.attester -o out"


def run(args: argparse.Namespace, out: Output) -> int:
    """Sign, check, record, hand over."""
    from keyguard.attestations import Finishing  # noqa: PLC0415 - not before the arguments are read
    from keyguard.stores.attestations import AttestationFolder  # noqa: PLC0415 - as above
    from keyguard.workflows.attest import sign  # noqa: PLC0415 - as above

    if len(args.signer) != 1:
        raise UsageError("one key signs here", code="usage", hint="--signer FILE")
    attesting.demand_folder(args.output)
    home = session.home_of(args)
    kept, waiting = AttestationFolder(home.attestations), AttestationFolder(home.attestations / "waiting")
    (key,) = attesting.keys(args)
    with session.opened(args, out) as ports:
        made = sign(ports, args.id, key, kept, waiting, Finishing(home, ports))
    attest_command.tell([made], args.output, out)
    return 0
