"""`keyguard store lock`: the daemon drops all plaintext and releases none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import daemons, session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "Leases that were given run on.\n\nexample: keyguard store lock"


def run(args: argparse.Namespace, out: Output) -> int:
    """Lock it; DaemonError (exit 7) where no daemon runs."""
    with daemons.reach(session.home_of(args)) as connection:
        status = connection.call("store.lock")
    if out.json:
        out.document(status)
    else:
        out.talk("keyguard: the daemon's store is locked; leases run on")
    return 0
