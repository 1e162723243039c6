"""`keyguard store unlock`: does the store open?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.core.errors import DaemonError

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = (
        "Only a daemon can keep a store open. Without one this tries the passphrase, or has the system\n"
        "unlock its keyring, and ends with status 7: the next command asks again.\n"
        "\nexample: keyguard store unlock"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Open it once. StoreError (exit 3) if it does not open, DaemonError (exit 7) as nobody keeps it open."""
    items = len(session.store(args).names())
    raise DaemonError(
        "no daemon runs here that could keep the store open",
        code="daemon.absent",
        still=f"the store opens ({items} items); each command unlocks it for itself",
        hint="--passphrase-file F or KEYGUARD_PASSPHRASE_FILE spares the prompts",
    )
