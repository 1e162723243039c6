"""`keyguard agent card`: what this host's operator reads out to the primary home's."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from keyguard.cli import session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = (
        "The fingerprint is that of the key which signs this log. Read it out over a number that both knew\n"
        "before; it is not taken from the file that it is to prove.\n\nexample: keyguard agent card"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Print log, host and fingerprint; UsageError `log.unsealed` before the log's first seal."""
    from keyguard.kga import dsse  # noqa: PLC0415 - not before the arguments are read
    from keyguard.workflows.agents import role  # noqa: PLC0415 - as above
    from keyguard.workflows.seal import sealed  # noqa: PLC0415 - as above
    from keyguard.workflows.trust_file import grouped  # noqa: PLC0415 - as above

    with session.opened(args, out) as ports:
        newest, what = sealed(ports), role(ports)
    digest, host = dsse.keyid(newest.vkey.public), socket.gethostname()
    if out.json:
        told = {"origin": newest.origin, "vkey": str(newest.vkey), "role": what, "host": host}
        out.document(told | {"fingerprint": digest})
    else:
        out.data(f"log          {newest.origin} ({what})")
        out.data(f"host         {host}")
        out.data(f"fingerprint  {grouped(digest)}")
    return 0
