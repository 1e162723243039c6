"""`keyguard daemon run`: be the daemon in this process, for service managers and `daemon start`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyguard.cli import session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--detached", action="store_true", help="let go of the terminal once it serves")
    parser.epilog = (
        "Takes a socket from systemd (LISTEN_FDS) and tells it when it is ready (NOTIFY_SOCKET).\n\n"
        "example: keyguard daemon run --passphrase-file /run/credentials/keyguard.passphrase"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Serve until SIGTERM, SIGINT or `daemon stop`. DaemonError (exit 7) where one runs already."""
    from keyguard.daemon.run import run as serve  # noqa: PLC0415 - loads asyncio and the database

    def ready() -> None:
        if args.detached:
            _let_go()
        else:
            out.talk("keyguard: the daemon serves")

    serve(session.home_of(args), args.passphrase_file, ready)
    return 0


def _let_go() -> None:
    """Whoever started us waits for the end of our error stream: from here on we are ready."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
