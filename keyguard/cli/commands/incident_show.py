"""`keyguard incident show`: one incident: times reached, timeline, freezes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import incident_words, session
from keyguard.workflows.incident_document import document

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    incident_words.incident_argument(parser)
    parser.epilog = "example: keyguard incident show in_5c1f"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print all that is known."""
    with session.opened(args, out) as ports:
        incident = ports.incidents.find(args.incident)
        frozen = tuple(one for one in ports.incidents.all_freezes() if one.incident == incident.id)
        names = incident_words.names(ports)
    if out.json:
        told = [incident_words.freeze_document(one, names) for one in frozen]
        out.document(document(incident) | {"freezes": told})
    else:
        incident_words.tell_all(out, incident, frozen, names)
    return 0
