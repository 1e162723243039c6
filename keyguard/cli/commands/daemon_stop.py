"""`keyguard daemon stop`: end the daemon of this home, of whatever version it is."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from keyguard.cli import daemons, session
from keyguard.core.errors import DaemonError
from keyguard.stores.file_lock import locked

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "Leases run on: their processes have the keys.\n\nexample: keyguard daemon stop"


def run(args: argparse.Namespace, out: Output) -> int:
    """Return when it has ended: finished what was under way and let go of the home."""
    home = session.home_of(args)
    try:
        with daemons.reach(home, any_version=True) as connection, contextlib.suppress(DaemonError):
            connection.call("shutdown")
        running = True
    except DaemonError as error:
        if error.code != "daemon.not_running":
            raise
        running = False
    if running:
        with locked(home.daemon_lock):
            pass
    if out.json:
        out.document({"stopped": running})
    else:
        out.talk("keyguard: the daemon has ended" if running else "keyguard: no daemon was running")
    return 0
