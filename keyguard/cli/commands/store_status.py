"""`keyguard store status`: which store, is it usable, what does it hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.cli import session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "example: keyguard store status --json"


def run(args: argparse.Namespace, out: Output) -> int:
    """Count the items; StoreError (exit 3) where the store is locked or damaged."""
    home = session.home_of(args)
    config = home.read()
    store = wiring.secret_store(home, config, wiring.Unlock(args.passphrase_file, session.prompt))
    names = store.names()
    versions = sum(name.startswith("version/") for name in names)
    if out.json:
        out.document({"store": config.store, "items": len(names), "key_versions": versions})
    else:
        out.data(f"{config.store}: {versions} key versions, {len(names) - versions} items of keyguard's own")
    return 0
