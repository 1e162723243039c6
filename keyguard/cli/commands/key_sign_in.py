"""`keyguard key sign-in`: sign in to a venue as an app, and keep the tokens."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from keyguard.cli import declared, session
from keyguard.cli.person import TerminalPerson
from keyguard.core import oauth
from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret
from keyguard.workflows import sign_in
from keyguard.workflows.enrol import Declared

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output

_PATIENCE = timedelta(minutes=10)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("venue")
    parser.add_argument("--label", required=True, metavar="L")
    parser.add_argument("--desk", required=True, metavar="D")
    parser.add_argument("--client-id", required=True, metavar="C", help="of your app, which uses PKCE")
    parser.add_argument(
        "--client-secret", action="store_true", help="the app has a secret: ask for it without echo"
    )
    parser.add_argument(
        "--scopes", required=True, metavar="S,…", help="what to ask for, in the venue's words"
    )
    parser.add_argument(
        "--port", type=int, default=0, metavar="N", help="of the redirect, if it is registered"
    )
    parser.add_argument(
        "--redirect", default="", metavar="URL", help="the https page, registered, that leads on to --port"
    )
    parser.add_argument("--owner", default="", metavar="P", help="who answers for it: you")
    parser.add_argument("--purpose", default="", metavar="T", help="what it is for")
    parser.add_argument("--needs", default="", metavar="SCOPE,…", help="the scopes its purpose needs")
    parser.epilog = (
        "It shows the page to open and waits ten minutes for your browser to come back to this machine; it\n"
        "opens nothing by itself. Register http://127.0.0.1/keyguard as the app's redirect; where the venue\n"
        "wants the port too, register it with one and name that; where it wants https, a page of yours that\n"
        "sends the browser on, with its query, to http://127.0.0.1:PORT/keyguard.\n\n"
        "example: keyguard key sign-in gemini --desk mm --label app --client-id ID --scopes balances:read"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Show the page, wait for the redirect, register what comes of it."""
    if not 0 <= args.port < 65536:
        raise UsageError(f"no such port: {args.port}", code="usage.port")
    relay = oauth.demand_relay(args.redirect) if args.redirect else ""
    if relay and not args.port:
        raise UsageError("a page that leads here needs a port to lead to", code="usage.port", hint="--port N")
    needs = declared.needs(args.needs)
    grants = tuple(filter(None, args.scopes.split(",")))
    with session.opened(args, out) as ports:
        offered = sign_in.offered(ports, args.venue)
        if not (offered.loopback or relay):
            out.talk(
                f"{args.venue} documents http redirects for development only; in use it wants --redirect"
            )
        facts = Declared(
            venue=args.venue,
            desk=args.desk,
            label=args.label,
            owner=declared.owner(ports, args),
            purpose=args.purpose,
            needs=needs,
        )

        def show(page: str) -> None:
            out.talk("open this page on this machine, and agree there:")
            out.talk(page)

        person = TerminalPerson(out, sys.stdin.buffer, interactive=sys.stdin.isatty())
        secret = Secret(person.secret("the app's secret")) if args.client_secret else None

        from keyguard.gateway.redirect import listening  # noqa: PLC0415 - loads a server, for this alone

        with listening(ports.clock, _PATIENCE, args.port, relay) as redirects:
            enrolled = sign_in.sign_in(
                ports, facts, args.client_id, grants, redirects, show, client_secret=secret
            )
    if out.json:
        out.document(declared.document(enrolled))
    else:
        declared.tell(out, enrolled)
    return 0
