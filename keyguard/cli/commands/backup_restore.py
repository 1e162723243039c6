"""`keyguard backup restore`: a home from a backup."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard import backups
from keyguard.cli import recovery_sheet, session
from keyguard.cli.person import TerminalPerson
from keyguard.stores.passphrase import read_passphrase
from keyguard.workflows import backup

if TYPE_CHECKING:
    import argparse

    from keyguard.backups import Restored
    from keyguard.cli.output import Output

_NAMED = 8
"""How many of a long list stand in a line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--backup-passphrase-file", metavar="F", help="the backup's passphrase, or a recovery share"
    )
    parser.add_argument("--store", choices=("os-keyring", "file"), default="", help="else the kind it was")
    parser.add_argument(
        "--head", default="", metavar="RECORDS:CHAIN", help="the newest end of the log that you have noted"
    )
    parser.epilog = (
        "Restores to an empty place only, and checks everything before anything is there. The log says that\n"
        "it was restored; with --head it also knows whether records are missing.\n"
        "\nexample: keyguard --home ~/keyguard backup restore /mnt/usb/keyguard-2026-11-21.kgb"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Restore; tells what the log knows of the time since the backup, and what to do next."""
    known = backup.parse_head(args.head) if args.head else None
    file = args.backup_passphrase_file
    given = read_passphrase(Path(file)) if file else session.prompt("passphrase of the backup, or share: ")
    done = backups.restore(
        session.home_of(args),
        args.file.absolute(),
        recovery_sheet.key_or_passphrase(given),
        store=args.store,
        new_passphrase=functools.cache(lambda: session.new_passphrase(args.passphrase_file)),
        known=known,
        person=TerminalPerson(out, sys.stdin.buffer, interactive=sys.stdin.isatty()),
    )
    if out.json:
        out.document(
            {
                "backup": done.origin.backup,
                "made_at": done.origin.made_at.isoformat(),
                "items": done.items,
                "records": done.origin.head.records,
                "whole": done.restoration.whole,
                "lost": done.restoration.lost,
                "missing": list(done.missing),
                "files": done.files,
                "lacking": list(done.lacking),
            }
        )
    else:
        _tell(out, done)
    return 0


def _tell(out: Output, done: Restored) -> None:
    made = f"{done.origin.made_at:%Y-%m-%d %H:%M:%S} UTC"
    out.data(f"restored from {made}: {done.items} items, {done.origin.head.records} records, all verified")
    if done.restoration.whole:
        out.data("the log reaches the head you named: no record is known to be missing")
    elif done.restoration.lost is None:
        out.data(f"records written after {made} are not in this log; the log says so")
    else:
        out.data(f"{done.restoration.lost} records after the backup are lost; the log says so")
    for name in done.missing:
        out.data(f"the secret of {name} was not in the store when the backup was made", style="red")
    if done.files is None:
        out.talk("a backup of before keyguard put the folders attestations and incidents of a home into it")
    if done.lacking:
        named = ", ".join(done.lacking[:_NAMED]) + (" …" if len(done.lacking) > _NAMED else "")
        out.data(f"the log tells of {len(done.lacking)} whose files are not there: {named}", style="red")
        out.talk(
            "put these files into the folders attestations and incidents of the home, where you have them"
        )
    out.talk("the log signs nothing until it is shown the newest checkpoint: keyguard log resume FILE")
    out.talk("keys that were added, rotated or revoked since are as they were then: keyguard key inspect K")
