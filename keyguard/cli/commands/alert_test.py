"""`keyguard alert test`: send a message that says it is a test."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.core.alerts import Urgency
from keyguard.core.errors import KeyguardError, UsageError
from keyguard.workflows import channels

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output

_REFUSED = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", nargs="*", help="all channels without it")
    parser.epilog = "example: keyguard alert test desk-chat"


def run(args: argparse.Namespace, out: Output) -> int:
    """Send to each; exit 4 if one was not taken."""
    from keyguard.gateway.apprise_messenger import AppriseMessenger  # noqa: PLC0415 - only where it is used

    messenger, results = AppriseMessenger(), []
    with session.opened(args, out) as ports:
        chosen = [channels.channel(ports.secrets, name) for name in args.name]
        chosen = chosen or list(channels.channels(ports.secrets))
    if not chosen:
        raise UsageError("there is no channel", code="alert.none", hint="keyguard alert add desk-chat")
    for channel in chosen:
        try:
            messenger.send(
                channel, "keyguard: a test", f"Sent by hand on {socket.gethostname()}.", Urgency.LOW
            )
            results.append((channel.name, "taken"))
        except KeyguardError as error:
            results.append((channel.name, error.message))
    if out.json:
        out.document([{"name": name, "taken": result == "taken"} for name, result in results])
    else:
        for name, result in results:
            out.data(f"{name}: {result}", style="green" if result == "taken" else "red")
    return 0 if all(result == "taken" for _, result in results) else _REFUSED
