"""`keyguard agent remove`: say that a host runs keyguard no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import agents, sealing, session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("agent", help="its host, log or log id")
    parser.add_argument("--reason", default="", metavar="R", help="for the second person")
    parser.epilog = (
        "First stop its daemon and import the log one last time. Attestations of the periods it was\n"
        "enrolled in hold its log as before; what it records from now on is in none.\n\n"
        "example: keyguard agent remove host2 --reason 'host is given back'"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Record it with the last seal that was taken in, then seal."""
    from keyguard.workflows.agents import retire  # noqa: PLC0415 - not before the arguments are read

    copies = agents.copies(session.home_of(args))
    with session.opened(args, out) as ports:
        gone = retire(ports, copies, args.agent, actor=session.actor(), why=args.reason)
        sealing.seal_soon(ports, out)
    if out.json:
        out.document(
            {"origin": gone.origin, "host": gone.host, "at": gone.retired, "last_seal": gone.last_seal}
        )
    else:
        out.data(f"{gone.host} is retired; its last seal is number {gone.last_seal}")
    return 0
