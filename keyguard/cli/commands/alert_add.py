"""`keyguard alert add`: a channel for alerts; its URL is a secret and goes into the store."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.core.alerts import Urgency
from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret
from keyguard.ports.channels import Channel
from keyguard.workflows import channels

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output

_LONGEST = 4096


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", help="what to call the channel")
    parser.add_argument(
        "--floor",
        choices=[u.name.lower() for u in Urgency],
        default="low",
        help="what is less urgent is not sent",
    )
    parser.add_argument("--escalation", action="store_true", help="only for what nobody acknowledged in time")
    parser.epilog = "The URL (apprise's form) is asked for without echo, or read from stdin.\n\n"
    parser.epilog += "example: keyguard alert add desk-chat --floor medium < url.txt"


def run(args: argparse.Namespace, out: Output) -> int:
    """Check the URL, then store it."""
    from keyguard.gateway.apprise_messenger import AppriseMessenger  # noqa: PLC0415 - only where it is used

    url = _url()
    service = AppriseMessenger().check(url)
    with session.opened(args, out) as ports:
        channels.add(
            ports.secrets, Channel(args.name, url, Urgency[args.floor.upper()], escalation=args.escalation)
        )
    if out.json:
        out.document({"name": args.name, "service": service})
    else:
        out.data(f"{args.name}: {service}; try it: keyguard alert test {args.name}")
    return 0


def _url() -> Secret:
    text = session.prompt("URL: ") if sys.stdin.isatty() else Secret(sys.stdin.read(_LONGEST).strip())
    if not len(text):
        raise UsageError("no URL was given", code="alert.url", hint="keyguard alert add --help")
    return text
