"""`keyguard backup create`: the whole home as one encrypted file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard import backups
from keyguard.cli import session
from keyguard.workflows import recovery_share

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.core.secret import Secret
    from keyguard.ports.all import Ports


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--backup-passphrase-file", metavar="F", help="opens the backup; only its owner may read the file"
    )
    parser.epilog = (
        "Holds secrets, inventory, journal and audit log of one moment, while others go on working, and the\n"
        "home's folders attestations and incidents. With a recovery share it needs no passphrase: the share\n"
        "opens it. The file is read back before it counts.\n"
        "\nexample: keyguard backup create /mnt/usb/keyguard-2026-11-21.kgb"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Write the backup; it is locked for its passphrase, if one is given, and for every recovery share."""
    home = session.home_of(args)
    with session.opened(args, out) as ports:
        passphrase = _passphrase(args, ports)
        made = backups.create(home, ports, args.file.absolute(), passphrase)
        shares = recovery_share.listed(ports)
    for name in made.missing:
        out.talk(f"the store lacks the secret of {name}: it is not in the backup either", style="red")
    for name in made.left_out:
        out.talk(f"{name} is no plain file that every system takes: it is not in the backup", style="red")
    if out.json:
        out.document(
            {
                "backup": made.id,
                "file": str(args.file),
                "bytes": made.size,
                "items": made.items,
                "log": {"records": made.head.records, "chain": made.head.chain},
                "recovery_shares": list(shares),
                "missing": list(made.missing),
                "files": made.files,
                "left_out": list(made.left_out),
            }
        )
        return 0
    held = f"{made.items} items, {made.head.records} records, {made.files} files"
    out.data(f"{args.file}: {held}, {made.size} bytes, read back")
    opens = [f"recovery share {', '.join(shares)}"] if shares else []
    out.data(f"opened by {' or '.join([*opens, *(['its passphrase'] if passphrase else [])])}")
    return 0


def _passphrase(args: argparse.Namespace, ports: Ports) -> Secret | None:
    """The backup's own passphrase; None where a recovery share does without one."""
    if args.backup_passphrase_file or not recovery_share.listed(ports):
        return session.fresh_passphrase(args.backup_passphrase_file, "passphrase for this backup: ")
    return None
