"""`keyguard store recovery make`: a share for paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.cli import recovery_sheet, session
from keyguard.workflows import recovery_share

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.core.secret import Secret


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "-o", dest="file", type=Path, metavar="FILE", help="write it there (0600) instead of showing it"
    )
    parser.epilog = (
        "The share is a secret: it opens the file store, and every backup made after it. It is shown once,\n"
        "on a terminal only, and kept nowhere.\n\nexample: keyguard store recovery make"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Make a share, lock the store for it, then hand it over."""
    recovery_sheet.demand_place(args.file, json=args.json)
    home = session.home_of(args)
    unlock = session.once(args)

    def lock_for(key: Secret, share_id: str) -> None:
        if home.read().store == "file":
            wiring.vault(home, unlock).add_recovery(key, share_id)

    with session.opened(args, out, unlock=unlock) as ports:
        made = recovery_share.make(ports, lock_for)
        at, kind = ports.clock.now(), ports.secrets.kind
    try:
        recovery_sheet.hand_over(out, made, at, kind=kind, file=args.file)
    except BaseException:
        out.talk(f"share {made.id} was made and not handed over: keyguard store recovery revoke {made.id}")
        raise
    if out.json:
        out.document({"share": made.id, "file": str(args.file)})
    elif args.file:
        out.data(f"recovery share {made.id} is in {args.file}; print it, then delete the file")
    return 0
