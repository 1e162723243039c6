"""`keyguard agent enroll`: let the log of another host enter this firm's attestations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import agents, evidence, sealing, session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", help="made there by `keyguard log export --for-primary FILE`")
    parser.add_argument(
        "--fingerprint",
        required=True,
        metavar="HEX",
        help="as that host's operator reads it out (agent card)",
    )
    parser.add_argument(
        "--host", required=True, metavar="H", help="that host's name, as `hostname` says there"
    )
    parser.add_argument("--reason", default="", metavar="R", help="for the second person")
    parser.epilog = (
        "From then on every attestation holds that log too; without a copy that reaches to the period's end\n"
        "none is made. Where people are declared a second one has to agree.\n\n"
        "example: keyguard agent enroll host2.kgl --host host2 --fingerprint '3f0c 9a1e …'"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Check, compare, record, seal."""
    from keyguard.workflows import agents as workflow  # noqa: PLC0415 - not before the arguments are read

    data = evidence.content(args.file, agents.LARGEST)
    copies = agents.copies(session.home_of(args))
    with session.opened(args, out) as ports:
        made = workflow.enroll(
            ports,
            copies,
            data,
            compared=args.fingerprint,
            host=args.host,
            actor=session.actor(),
            why=args.reason,
        )
        sealing.seal_soon(ports, out)
    if out.json:
        out.document({"origin": made.origin, "vkey": made.vkey, "host": made.host, "since": made.since})
    else:
        out.data(f"{made.host} is enrolled: {made.origin}, from {made.since}")
        out.talk("keyguard: next: recipients need the new log's key, too: keyguard attest trust")
    return 0
