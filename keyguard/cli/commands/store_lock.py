"""`keyguard store lock`: the daemon drops all plaintext and releases none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import daemons, session
from keyguard.core.errors import DaemonError

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "Leases that were given run on.\n\nexample: keyguard store lock"


def run(args: argparse.Namespace, out: Output) -> int:
    """Lock it. Without a daemon nothing is ever kept open, which is what was asked for."""
    try:
        connection = daemons.reach(session.home_of(args))
    except DaemonError as error:
        if error.code != "daemon.not_running":
            raise
        if out.json:
            out.document({"locked": True, "daemon": False})
        else:
            out.talk("keyguard: no daemon runs here, so nothing keeps the store open")
        return 0
    with connection:
        status = connection.call("store.lock")
    if out.json:
        out.document({**status, "daemon": True})
    else:
        out.talk("keyguard: the daemon's store is locked; leases run on")
    return 0
