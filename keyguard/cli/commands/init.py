"""`keyguard init`: home, store, database, log."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard import __version__, wiring
from keyguard.cli import agents, session
from keyguard.core.errors import UsageError
from keyguard.home import Config
from keyguard.workflows.begin import Firm, begin

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.ports.all import Ports
    from keyguard.stores.invitation import Invitation


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
    parser.add_argument(
        "--agent", type=Path, metavar="FILE", help="an agent of the home that made this invitation"
    )
    agents.add_passphrase(parser)
    parser.epilog = "example: keyguard init --store file --passphrase-file ~/.keyguard-passphrase"


def run(args: argparse.Namespace, out: Output) -> int:
    """Create what is missing; say what was chosen and why. Safe to repeat."""
    home = session.home_of(args)
    invited = _invitation(args) if args.agent else None
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
            firm=_firm(args, invited),
            simulators=dict(_simulator(text) for text in args.simulator),
        )
    wiring.create(home, config, lambda: session.new_passphrase(args.passphrase_file))
    with session.opened(args, out) as ports:
        if invited is None:
            begin(ports, Firm(**config.firm), tool_version=__version__)
        else:
            _begin_agent(ports, Firm(**config.firm), invited)
    database = config.database or str(home.database_file)
    if out.json:
        told = {"home": str(home.path), "store": config.store, "why": why}
        out.document(told | {"database": database, "simulators": dict(config.simulators)})
    else:
        out.data(f"home      {home.path}")
        out.data(f"store     {config.store}: {why}")
        out.data(f"database  {database}")
    return 0


def _invitation(args: argparse.Namespace) -> Invitation:
    from keyguard.stores import invitation  # noqa: PLC0415 - loads cryptography

    return invitation.read(args.agent, agents.passphrase(args))


def _firm(args: argparse.Namespace, invited: Invitation | None) -> dict[str, str]:
    if args.firm or invited is None:
        return {"name_latin": args.firm} if args.firm else {}
    return dict(invited.firm)


def _begin_agent(ports: Ports, firm: Firm, invited: Invitation) -> None:
    """The firm's salts come first: nothing is ever named with others."""
    from keyguard.workflows import agent_salts  # noqa: PLC0415 - for agents alone
    from keyguard.workflows.agents import AGENT, role  # noqa: PLC0415 - as above

    begun = next(ports.audit.entries(), None) is not None
    if begun and role(ports) != AGENT:
        raise UsageError(
            "the log of this home is a primary one already",
            code="agent.primary",
            still="nothing was changed",
            hint="an agent begins in a new home: keyguard --home DIR init --agent FILE",
        )
    agent_salts.take(ports, invited.primary, invited.salts)
    begin(ports, firm, tool_version=__version__, role=AGENT)


def _simulator(text: str) -> tuple[str, str]:
    venue, sign, url = text.partition("=")
    if not sign:
        raise UsageError(f"--simulator wants VENUE=URL, not {text!r}", code="usage")
    return venue, url
