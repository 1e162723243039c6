"""`keyguard daemon start`: a daemon in the background, if none runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import daemons, session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "It starts locked where it finds no passphrase.\n\nexample: keyguard daemon start"


def run(args: argparse.Namespace, out: Output) -> int:
    """Start it; one of this version that runs already is fine."""
    home = session.home_of(args)
    connection, begun = daemons.reach_or_start(home, args)
    with connection:
        store = connection.call("store.status")
    if out.json:
        out.document({"started": begun, "version": connection.version, "store": store})
        return 0
    out.talk(f"keyguard: the daemon {'serves now' if begun else 'runs already'}")
    if store["locked"]:
        out.talk("keyguard: its store is locked; hint: keyguard store unlock")
    return 0
