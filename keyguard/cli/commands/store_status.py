"""`keyguard store status`: which store, is it usable, what does it hold, what opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.cli import session
from keyguard.workflows.recovery_share import SHARES

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output

_KINDS = {
    "passphrase": "a passphrase",
    "key_file": "a key file",
    "systemd_credential": "a systemd credential",
    "recovery_share": "a recovery share",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "example: keyguard store status --json"


def run(args: argparse.Namespace, out: Output) -> int:
    """Count the items; StoreError (exit 3) where the store is locked or damaged."""
    home = session.home_of(args)
    config = home.read()
    unlock = session.once(args)
    names = wiring.secret_store(home, config, unlock).names()
    wraps = wiring.vault(home, unlock).wraps() if config.store == "file" else ()
    versions = sum(name.startswith("version/") for name in names)
    shares = [name.removeprefix(SHARES) for name in names if name.startswith(SHARES)]
    if out.json:
        told = {"store": config.store, "items": len(names), "key_versions": versions}
        locks = [{"id": wrap.id, "kind": wrap.kind} for wrap in wraps]
        out.document(told | {"opened_by": locks, "recovery_shares": shares})
        return 0
    out.data(f"{config.store}: {versions} key versions, {len(names) - versions} items of keyguard's own")
    for wrap in wraps:
        out.data(f"opened by {_KINDS.get(wrap.kind, wrap.kind)} ({wrap.id})")
    if not shares:
        out.data("no recovery share: keyguard store recovery make")
    elif not wraps:
        out.data(f"backups are locked for recovery share {', '.join(shares)}")
    return 0
