"""`keyguard log timestamp`: take in an RFC 3161 reply over a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import evidence, session
from keyguard.cli.views import instant
from keyguard.workflows import anchors

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", help="the reply, as the authority sent it")
    parser.add_argument(
        "--tsa-root", action="append", required=True, metavar="PEM", help="the authority's root certificate"
    )
    parser.epilog = (
        "Needs the extra attest. keyguard asks no authority itself.\n\n"
        "example: keyguard log checkpoint > head\n"
        "         openssl ts -query -data head -sha256 -cert -out head.tsq\n"
        "         (send head.tsq to the authority: head.tsr)\n"
        "         keyguard log timestamp head.tsr --tsa-root tsa.pem"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Check the reply, then keep it."""
    reply, roots = evidence.content(args.file), [evidence.content(name) for name in args.tsa_root]
    with session.opened(args, out) as ports:
        size, at = anchors.stamp(ports, reply, roots)
    if out.json:
        out.document({"size": size, "at": instant(at)})
    else:
        out.data(f"checkpoint {size} existed at {at:%Y-%m-%d %H:%M:%S} UTC")
    return 0
