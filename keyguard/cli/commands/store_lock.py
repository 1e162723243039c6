"""`keyguard store lock`: have nothing keep the store open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output

_WORDS = {
    "file": "nothing keeps the store open: no daemon runs here, and each command unlocks it for itself",
    "os-keyring": "keyguard keeps nothing open; the OS keyring locks with the session or the system's tools",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = (
        "Without a daemon nothing is ever kept open, and this says so.\n\nexample: keyguard store lock"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Tell that nothing is open."""
    store = session.home_of(args).read().store
    if out.json:
        out.document({"store": store, "daemon": False, "kept_open": False})
    else:
        out.data(_WORDS[store])
    return 0
