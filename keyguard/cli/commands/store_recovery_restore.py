"""`keyguard store recovery restore`: the passphrase is lost, the share is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.cli import recovery_sheet, session
from keyguard.core.errors import UsageError
from keyguard.workflows import recovery_share

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--share-file", metavar="F", help="the share or its sheet; only its owner may read it"
    )
    parser.add_argument("--new-passphrase-file", metavar="F", help="the new passphrase, instead of a prompt")
    parser.add_argument("--check", action="store_true", help="only tell whether the share opens the store")
    parser.epilog = (
        "For a home with the file store, on this machine or carried to a new one. Without the home, a\n"
        "backup and the share do: keyguard backup restore FILE.\n"
        "\nexample: keyguard store recovery restore --check"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Open the vault with the share; give it a new passphrase; the share stays valid."""
    home = session.home_of(args)
    if home.read().store != "file":
        raise UsageError(
            "the OS keyring has a password of its own, which no share replaces",
            code="store.os_keyring",
            still="nothing was changed",
            hint="a share opens backups: keyguard backup restore FILE",
        )
    key = recovery_sheet.typed(args.share_file)
    vault = wiring.vault(home, lambda: key)
    if args.check:
        told = {"items": len(vault.names()), "changed": False}
    else:
        vault.names()  # a wrong share is told before a new passphrase is asked for
        passphrase = session.fresh_passphrase(args.new_passphrase_file)
        with session.opened(args, out, unlock=lambda: key) as ports:
            recovery_share.record_new_passphrase(ports)
            vault.change_passphrase(passphrase)
        told = {"items": len(vault.names()), "changed": True}
    if out.json:
        out.document(told)
    elif args.check:
        out.data(f"the share opens the store: {told['items']} items; nothing was changed")
    else:
        out.data(f"the store has the new passphrase: {told['items']} items; the share still opens it")
    return 0
