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

    from keyguard.attestations import Pkcs12
    from keyguard.core.secret import Secret
    from keyguard.workflows.attest import Key
    from keyguard.workflows.attest_documents import Document

_LARGEST_PKCS12 = 1 << 20


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


def add_pades(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the signature that viewers of the PDF show."""
    parser.add_argument(
        "--pades", type=Path, metavar="FILE", help="sign the PDF for viewers, by a PKCS #12 file"
    )
    parser.add_argument(
        "--pades-passphrase-file", type=Path, metavar="F", help="only its owner may be able to read it"
    )


def pades(args: argparse.Namespace) -> Pkcs12 | None:
    """Whose signature the PDF gets, if any; checked now, before anything is made."""
    if args.pades is None:
        return None
    from keyguard.attestations import Pkcs12  # noqa: PLC0415 - not before the arguments are read
    from keyguard.gateway.clock import SystemClock  # noqa: PLC0415 - as above
    from keyguard.stores.private_file import read_private  # noqa: PLC0415 - as above

    data = read_private(args.pades, _LARGEST_PKCS12)
    given = [args.pades_passphrase_file] if args.pades_passphrase_file else []
    signer = Pkcs12(data, _passphrase(given, 0, args.pades))
    signer.demand_usable(SystemClock().now())
    return signer


def add_documents(parser: argparse.ArgumentParser) -> None:
    """Declare the options that attach documents."""
    parser.add_argument(
        "--evidence",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="attach a document: PDF or text; again for more",
    )
    parser.add_argument(
        "--evidence-looked-at",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="attach a picture: it cannot be searched, and you have looked at it",
    )


def documents(args: argparse.Namespace) -> tuple[Document, ...]:
    """What is attached; UsageError `attest.evidence`."""
    from keyguard.cli import evidence  # noqa: PLC0415 - not before the arguments are read
    from keyguard.workflows.attest_documents import LARGEST, document  # noqa: PLC0415 - as above

    named = [(path, False) for path in args.evidence]
    named += [(path, True) for path in args.evidence_looked_at]
    return tuple(
        document(path.name, evidence.content(str(path), LARGEST), looked_at=looked_at)
        for path, looked_at in named
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
