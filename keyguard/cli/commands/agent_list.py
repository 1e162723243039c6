"""`keyguard agent list`: the logs of other hosts that enter this firm's attestations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import agents, session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--all", action="store_true", help="those that were retired, too")
    parser.epilog = "example: keyguard agent list"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print them, oldest first, with the instant to which each one's log reaches here."""
    from keyguard.workflows import agents as workflow  # noqa: PLC0415 - not before the arguments are read

    copies = agents.copies(session.home_of(args))
    with session.opened(args, out) as ports:
        found = workflow.agents(ports, past=args.all)
    reach = {one.origin: workflow.sealed_at(copies, one) for one in found}
    if out.json:
        names = ("origin", "vkey", "host", "since", "retired")
        out.document(
            [{name: getattr(one, name) for name in names} | {"sealed_at": reach[one.origin]} for one in found]
        )
    else:
        rows = [(one.host, one.origin, one.since, reach[one.origin], one.retired) for one in found]
        out.table(("host", "log", "since (UTC)", "log here up to (UTC)", "retired (UTC)"), rows)
    return 0
