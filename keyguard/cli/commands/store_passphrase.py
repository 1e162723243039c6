"""`keyguard store passphrase`: another passphrase for the file store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.cli import session
from keyguard.core.errors import UsageError
from keyguard.workflows import recovery_share

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--new-passphrase-file", metavar="F", help="the new passphrase, instead of a prompt")
    parser.epilog = (
        "The new lock is made and tried before the old one goes. Copies of the vault file made before still\n"
        "open with the old passphrase.\n\nexample: keyguard store passphrase"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Ask for the old one, then twice for the new one; change it."""
    home = session.home_of(args)
    if home.read().store != "file":
        raise UsageError(
            "the OS keyring has a password of its own; change it with the system's tools",
            code="store.os_keyring",
            still="nothing was changed",
        )
    unlock = session.once(args)
    vault = wiring.vault(home, unlock)
    vault.names()  # a wrong old passphrase is told before a new one is asked for
    passphrase = session.fresh_passphrase(args.new_passphrase_file)
    if passphrase == unlock():
        raise UsageError(
            "the new passphrase is the old one", code="store.same_passphrase", still="nothing was changed"
        )
    with session.opened(args, out, unlock=unlock) as ports:
        recovery_share.record_new_passphrase(ports)
        vault.change_passphrase(passphrase)
    if out.json:
        out.document({"changed": True})
    else:
        out.data("the store has the new passphrase; key files and recovery shares stay valid")
    return 0
