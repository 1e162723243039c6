"""`keyguard attest trust`: what a recipient starts from, a trust file and a key card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.core.errors import UsageError
from keyguard.workflows.attest_config import second_signature
from keyguard.workflows.attest_predicate import firm_by_log
from keyguard.workflows.trust_file import key_card, trust_file

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="the trust file; stdout without it")
    parser.add_argument(
        "--card", type=Path, metavar="FILE", help="a key card of one page, for the letterhead"
    )
    parser.epilog = (
        "A recipient takes neither from an attestation: send them another way, and have the card read back\n"
        "by telephone.\n\nexample: keyguard attest trust -o trust.json --card card.txt"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Write them; UsageError `log.unsealed` before the log's first seal."""
    config = session.home_of(args).read()
    with session.opened(args, out) as ports:
        firm = firm_by_log(ports, config.firm)
        trust = trust_file(ports, firm["name_latin"], 2 if second_signature(config.attest) else 1)
        card = key_card(ports, firm, trust)
    if args.card:
        _write(args.card, card.encode())
    if args.output:
        _write(args.output, trust)
    else:
        out.block(trust.decode().removesuffix("\n"))
    for path in (args.output, args.card):
        if path:
            out.talk(f"keyguard: written: {path}")
    return 0


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise UsageError(f"{path} cannot be written: {reason}", code="attest.offer") from None
