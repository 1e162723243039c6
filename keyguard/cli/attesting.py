"""Keys of attesters, folders and files, as the `attest` commands take them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.stores.attestations import demand_folder as demand_folder
from keyguard.stores.attestations import offer as offer

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from keyguard.core.secret import Secret
    from keyguard.workflows.attest import Key


def add_signers(parser: argparse.ArgumentParser, *, several: bool) -> None:
    """Declare the options that name attesters' keys."""
    more = "; again for a second person" if several else ""
    parser.add_argument(
        "--signer", action="append", default=[], type=Path, metavar="FILE", help=f"an attester's key{more}"
    )
    add_passphrase(parser)


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """Declare where a key's passphrase stands, if it is not asked for."""
    parser.add_argument(
        "--signer-passphrase-file",
        action="append",
        default=[],
        type=Path,
        metavar="F",
        help="in the order of the keys; only its owner may be able to read it",
    )


def keys(args: argparse.Namespace) -> tuple[Key, ...]:
    """The keys that were named, opened one after the other."""
    from keyguard.attestations import opened_key  # noqa: PLC0415 - not before the arguments are read

    files = args.signer_passphrase_file
    return tuple(
        opened_key(path, _passphrase(files, number, path)) for number, path in enumerate(args.signer)
    )


def _passphrase(files: Sequence[Path], number: int, path: Path) -> Secret:
    from keyguard.stores.passphrase import read_passphrase  # noqa: PLC0415 - loads the store

    if number < len(files):
        return read_passphrase(files[number])
    return session.prompt(f"passphrase of {path.name}: ")
