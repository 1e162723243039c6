"""`keyguard incident open`: something went wrong with keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import incident_words, people_words, session
from keyguard.core.incidents import Kind, Stage
from keyguard.workflows import incidents

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    people_words.choices(parser, "--class", Kind, dest="kind", required=True)
    parser.add_argument("--how", required=True, metavar="T", help=incident_words.IN_EVIDENCE)
    parser.add_argument("--key", action="append", default=[], metavar="K", help="a key concerned; repeatable")
    parser.add_argument("--venue", action="append", default=[], metavar="V", help="a venue; repeatable")
    parser.add_argument("--freeze", action="store_true", help="stop hand-outs of the keys at once")
    parser.add_argument("--detected", metavar="AT", help=f"{incident_words.AT_HELP}; without it now")
    parser.add_argument("--received", metavar="AT", help="when the venue's notice came")
    people_words.choices(parser, "--stage", Stage, help="how far the venue has gone")
    parser.add_argument("--deadline", metavar="D", help="until when the venue wants an answer, if it said so")
    parser.add_argument("--reference", default="", metavar="T", help="what the venue calls its notice")
    parser.epilog = (
        "example: keyguard incident open --class leak --how 'in a public repository' --key mm/bot --freeze\n"
        "         keyguard incident open --class venue_notice --venue upbit --how 'warning by mail' \\\n"
        "             --stage warning --received 2026-11-20T14:05+09:00"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Open it; hand-outs stop in the same transaction."""
    opening = incidents.Opening(
        kind=Kind(args.kind),
        how=args.how,
        keys=tuple(args.key),
        venues=tuple(args.venue),
        detected_at=people_words.start(args.detected),
        received_at=people_words.start(args.received),
        stage=Stage(args.stage) if args.stage else None,
        deadline=people_words.end(args.deadline),
        reference=args.reference,
    )
    with session.opened(args, out) as ports:
        incident = incidents.open_incident(ports, opening, actor=session.actor(), freeze=args.freeze)
    if not out.json:
        out.talk(f"keyguard: hint: keyguard incident contain {incident.id}")
    return incident_words.tell(out, incident)
