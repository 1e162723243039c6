"""`keyguard agent invite`: what a home on another host needs to become an agent of this one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import agents, session
from keyguard.gateway.clock import SystemClock

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="where to")
    parser.add_argument(
        "--venue",
        action="append",
        default=[],
        metavar="V",
        help="one this home has no key at",
    )
    agents.add_passphrase(parser)
    parser.epilog = (
        "The file holds the firm's salts, under a passphrase: with them all hosts call a person, a host and\n"
        "a key by one name. Tell the passphrase on another way.\n\n"
        "example: keyguard agent invite --venue bybit -o host2.invitation"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Write it; StoreError where the file is there already."""
    from keyguard.stores import invitation  # noqa: PLC0415 - loads cryptography
    from keyguard.stores.passphrase import check_new  # noqa: PLC0415 - as above
    from keyguard.workflows.agent_salts import give  # noqa: PLC0415 - as above
    from keyguard.workflows.log_key import log_id  # noqa: PLC0415 - as above

    firm = session.home_of(args).read().firm
    with session.opened(args, out) as ports:
        salts = give(ports, args.venue)
        made = invitation.Invitation(f"keyguard/{log_id(ports)}", firm, salts)
    passphrase = check_new(agents.passphrase(args, new=True))
    invitation.write(args.output, made, passphrase, SystemClock().token)
    venues = sorted({name.rpartition("/")[2] for name in salts} - {"firm"})
    if out.json:
        out.document({"file": str(args.output), "venues": venues})
    else:
        out.data(f"{args.output}: for {', '.join(venues) or 'no venue yet'}")
        out.talk(f"keyguard: next, on the other host: keyguard init --agent {args.output.name}")
    return 0
