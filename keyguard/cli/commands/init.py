"""`keyguard init`: home, store, database, log."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from keyguard import __version__, wiring
from keyguard.cli import session
from keyguard.core.errors import UsageError
from keyguard.home import Config
from keyguard.workflows.begin import Firm, begin

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--store", help="os-keyring or file; without it the keyring if it is usable")
    parser.add_argument("--database", default="", metavar="URL", help="SQLite file in the home without it")
    parser.add_argument("--firm", default="", metavar="NAME", help="who writes the log (declared)")
    parser.add_argument(
        "--simulator",
        action="append",
        default=[],
        metavar="VENUE=URL",
        help="talk to a simulator on loopback instead of the venue; marked everywhere",
    )
    parser.epilog = "example: keyguard init --store file --passphrase-file ~/.keyguard-passphrase"


def run(args: argparse.Namespace, out: Output) -> int:
    """Create what is missing; say what was chosen and why. Safe to repeat."""
    home = session.home_of(args)
    if home.exists():
        config, why = home.read(), "as before"
        if args.store and args.store != config.store:
            raise UsageError(
                f"this home uses the {config.store} store already",
                code="home.store",
                still="nothing was changed",
                hint=f"choose another --home, or move it: keyguard store migrate --to {args.store}",
            )
    else:
        store, why = wiring.choose(args.store)
        config = Config(
            id=secrets.token_hex(8),
            store=store,
            database=args.database,
            firm={"name_latin": args.firm} if args.firm else {},
            simulators=dict(_simulator(text) for text in args.simulator),
        )
    wiring.create(home, config, lambda: session.new_passphrase(args.passphrase_file))
    with session.opened(args, out) as ports:
        begin(ports, Firm(**config.firm), tool_version=__version__)
    database = config.database or str(home.database_file)
    if out.json:
        told = {"home": str(home.path), "store": config.store, "why": why}
        out.document(told | {"database": database, "simulators": dict(config.simulators)})
    else:
        out.data(f"home      {home.path}")
        out.data(f"store     {config.store}: {why}")
        out.data(f"database  {database}")
    return 0


def _simulator(text: str) -> tuple[str, str]:
    venue, sign, url = text.partition("=")
    if not sign:
        raise UsageError(f"--simulator wants VENUE=URL, not {text!r}", code="usage")
    return venue, url
