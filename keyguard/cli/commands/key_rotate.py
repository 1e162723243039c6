"""`keyguard key rotate`: a new version, the old one proven dead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import declared, rotation_words, sealing, session
from keyguard.processes import process_alive
from keyguard.workflows.rotate import OVERLAP_S, Options, rotate

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    rotation_words.add_arguments(parser, reason="schedule")
    parser.add_argument(
        "--overlap",
        default=f"{OVERLAP_S}s",
        metavar="T",
        help="how long processes with the old key may run on",
    )
    parser.add_argument(
        "--needs", default="", metavar="SCOPE,…", help="declare what it needs; the new version gets no more"
    )
    parser.add_argument(
        "--ips",
        metavar="IP,…",
        help="addresses of the new version, where the venue does not tell those of the old",
    )
    parser.epilog = (
        "Killed or cut off, it goes on with `keyguard workflow resume`. Where the venue offers no key\n"
        "management by API it guides you through the venue's page and proves both keys afterwards.\n"
        "\nexample: keyguard key rotate bybit/mm/bot --reason leak"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Rotate; every error after the first effect names the workflow to resume."""
    options = Options(
        overlap_s=rotation_words.seconds(args.overlap),
        reason=args.reason,
        manager=args.manager,
        needs=declared.needs(args.needs),
        ips=None if args.ips is None else tuple(filter(None, args.ips.split(","))),
    )
    with session.opened(args, out) as ports:
        key = ports.inventory.find_key(args.key)
        workflow = rotate(ports, key.id, options, actor=session.actor(), process_alive=process_alive)
        sealing.seal_soon(ports, out)
    rotation_words.tell(out, workflow, key.name)
    return 0
