"""`keyguard store unlock`: let the daemon release keys; starts it where none runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.cli import daemons, session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "Asks for the passphrase of a file store.\n\nexample: keyguard store unlock"


def run(args: argparse.Namespace, out: Output) -> int:
    """Give the daemon the passphrase; StoreError (exit 3) where it is wrong."""
    home = session.home_of(args)
    needs_passphrase = home.read().store == "file"
    connection, _ = daemons.reach_or_start(home, args)
    with connection:
        params = {}
        if needs_passphrase:
            params["passphrase"] = wiring.Unlock(args.passphrase_file, session.prompt)().reveal()
        status = connection.call("store.unlock", **params)
    if out.json:
        out.document(status)
    else:
        out.talk("keyguard: the daemon's store is open")
    return 0
