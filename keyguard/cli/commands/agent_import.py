"""`keyguard agent import`: take in a newer copy of an enrolled agent's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import agents, evidence, session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", help="made there by `keyguard log export --for-primary FILE`")
    parser.epilog = (
        "However the file came here: it counts only under the key that was compared when the agent was\n"
        "enrolled, and as a continuation of what was taken in before. One that contradicts it is refused\n"
        "(exit 6), kept as evidence, and becomes a finding.\n\nexample: keyguard agent import host2.kgl"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Check and keep it."""
    from keyguard.core.canonical import format_instant  # noqa: PLC0415 - not before the arguments are read
    from keyguard.workflows.agents import take_in  # noqa: PLC0415 - as above

    data = evidence.content(args.file, agents.LARGEST)
    copies = agents.copies(session.home_of(args))
    with session.opened(args, out) as ports:
        agent, copy = take_in(ports, copies, data)
    records = sum(one.size for one in copy.streams.values())
    sealed_at = format_instant(copy.sealed.seal.t)
    if out.json:
        told = {"origin": agent.origin, "host": agent.host, "records": records}
        out.document(told | {"seals": copy.sealed.checkpoint.size, "sealed_at": sealed_at})
    else:
        out.data(f"{agent.host}: {records} records, sealed {sealed_at}")
    return 0
