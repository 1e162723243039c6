"""`keyguard incident freeze`: no hand-out of a key, a desk, a venue, to a person, or at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import incident_words, session
from keyguard.workflows import freezes

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    incident_words.scope_arguments(parser)
    parser.add_argument("--reason", required=True, metavar="T")
    parser.add_argument(
        "--incident", default="", metavar="I", help="the incident it belongs to: ends with it"
    )
    parser.epilog = (
        "At once, for a daemon that runs too. A process that has a key keeps it: only `incident contain\n"
        "--revoke` ends the key itself.\n"
        "\nexample: keyguard incident freeze --person hana --reason 'her laptop is lost'"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Freeze."""
    scope, subject = incident_words.scope_of(args)
    with session.opened(args, out) as ports:
        incident = ports.incidents.find(args.incident).id if args.incident else ""
        made = freezes.freeze(
            ports, scope, subject, reason=args.reason, actor=session.actor(), incident=incident
        )
        names = incident_words.names(ports)
    if out.json:
        out.document(incident_words.freeze_document(made, names))
    else:
        out.data(f"frozen: {incident_words.freeze_line(made, names)}", style="yellow")
    return 0
