"""`keyguard incident note`: what has happened since: a note, a reply, a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import incident_words, people_words, session
from keyguard.core.errors import UsageError
from keyguard.core.incidents import Stage, Step
from keyguard.workflows import incidents

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


_STEPS = ("note", "received", "replied", "result", "notified")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    incident_words.incident_argument(parser)
    parser.add_argument("text", nargs="?", default="", help=incident_words.IN_EVIDENCE)
    parser.add_argument(
        "--as", dest="step", choices=_STEPS, default="note", help="what it is: of the venue's notice, say"
    )
    parser.add_argument("--at", metavar="AT", help=f"when it was: {incident_words.AT_HELP}; without it now")
    people_words.choices(parser, "--stage", Stage, help="how far the venue has gone now")
    parser.add_argument("--deadline", metavar="D", help="until when the venue wants an answer")
    parser.add_argument("--reference", default="", metavar="T", help="what the venue calls its notice")
    parser.epilog = (
        "example: keyguard incident note in_5c1f 'the holder has confirmed himself' --as replied\n"
        "         keyguard incident note in_5c1f --stage reverify --deadline 2026-11-24"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Add it to the timeline, and to the log of every venue concerned."""
    staged = bool(args.stage or args.deadline or args.reference)
    if not staged and not args.text.strip() and args.step == "note":
        raise UsageError(
            "there is nothing to note", code="incident.note", hint="keyguard incident note --help"
        )
    at = people_words.start(args.at)
    with session.opened(args, out) as ports:
        incident = ports.incidents.find(args.incident)
        if staged:
            incident = incidents.set_stage(
                ports,
                incident.id,
                actor=session.actor(),
                stage=Stage(args.stage) if args.stage else None,
                deadline=people_words.end(args.deadline),
                reference=args.reference,
                at=at,
            )
        if args.text.strip() or args.step != "note":
            incident = incidents.add_event(
                ports, incident.id, Step(args.step), args.text, actor=session.actor(), at=at
            )
    return incident_words.tell(out, incident)
