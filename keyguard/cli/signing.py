"""A person's signing key for a command: which file, and its passphrase."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import session

if TYPE_CHECKING:
    import argparse

    from keyguard.core.secret import Secret
    from keyguard.ports.signer import Signer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--signer", type=Path, metavar="FILE", help="one's own signing key")
    add_passphrase(parser)


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """Declare where its passphrase stands, if it is not asked for."""
    parser.add_argument(
        "--signer-passphrase-file", type=Path, metavar="F", help="only its owner may be able to read it"
    )


def signer(args: argparse.Namespace) -> Signer | None:
    """The key that was named, opened; None where none was."""
    return opened(args, args.signer) if args.signer else None


def opened(args: argparse.Namespace, path: Path) -> Signer:
    """The key in this file; its passphrase is asked for on a terminal, else read from the file named."""
    from keyguard.stores.signer_file import open_signer  # noqa: PLC0415 - loads cryptography

    return open_signer(path, passphrase(args, new=False))


def passphrase(args: argparse.Namespace, *, new: bool) -> Secret:
    """The passphrase of the signing key; one for a `new` key is asked for twice."""
    from keyguard.stores.passphrase import check_new, read_passphrase  # noqa: PLC0415 - loads the store

    if args.signer_passphrase_file:
        given = read_passphrase(args.signer_passphrase_file)
    elif new:
        given = session.prompt_twice("passphrase of the new signing key: ")
    else:
        given = session.prompt("passphrase of the signing key: ")
    return check_new(given) if new else given
