"""`keyguard store recovery revoke`: a share that is lost or no longer wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.cli import session
from keyguard.workflows import recovery_share

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("share", help="its id, as on the sheet and in `keyguard store status`")
    parser.epilog = (
        "Backups and copies of the vault file that were made before still open with it.\n"
        "\nexample: keyguard store recovery revoke 318f8a0c"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Take the share's lock off the store and forget its key."""
    home = session.home_of(args)
    unlock = session.once(args)

    def unlock_for(share_id: str) -> None:
        if home.read().store == "file":
            vault = wiring.vault(home, unlock)
            if any(wrap.id == share_id for wrap in vault.wraps()):
                vault.remove_wrap(share_id)

    with session.opened(args, out, unlock=unlock) as ports:
        recovery_share.revoke(ports, args.share, unlock_for)
    if out.json:
        out.document({"share": args.share, "revoked": True})
    else:
        out.data(f"share {args.share} opens nothing that is made from now on; older backups it still opens")
    return 0
