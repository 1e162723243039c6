"""`keyguard party end`: end a party and the time of its people; off-board them all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from keyguard.cli import offboarding_words, people_words, rotation_words, session
from keyguard.core.errors import UsageError
from keyguard.processes import process_alive
from keyguard.workflows import declare_party, offboard, offboarding_report
from keyguard.workflows.rotate import OVERLAP_S, Options
from keyguard.workflows.rotate_each import Rotations, rotate_each

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.ports.all import Ports
    from keyguard.workflows.end_person import Ended


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("party")
    parser.add_argument("--reason", required=True, metavar="R", help=people_words.REASON_HELP)
    parser.add_argument(
        "--offboard", action="store_true", help="then say what all its people had, worst first, and keep that"
    )
    parser.add_argument("--rotate", action="store_true", help="with --offboard: rotate what they were handed")
    parser.add_argument(
        "--overlap",
        default=f"{OVERLAP_S}s",
        metavar="T",
        help="with --rotate: how long processes with an old key may run on",
    )
    parser.epilog = (
        "Grants end first. With --offboard it works again for a party that has ended: what is left.\n\n"
        "example: keyguard party end acme --reason 'contract cancelled' --offboard --rotate"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """End it at once: grants of its people first. The exit status is that of the first failed rotation."""
    if args.rotate and not args.offboard:
        raise UsageError(
            "--rotate is a part of off-boarding", code="usage", hint="add --offboard, or leave it out"
        )
    options = Options(overlap_s=rotation_words.seconds(args.overlap), reason="leaver")
    rotations, report = Rotations(), None
    left: tuple[Ended, ...] = ()
    with session.opened(args, out) as ports:
        party = declare_party.find(ports, args.party)
        if party.span.ended_at is None or not args.offboard:
            party, left = declare_party.end(ports, party.id, actor=session.actor(), reason=args.reason)
        if args.offboard:
            plans = _plans(ports, party.id)
            report = offboarding_report.keep(ports, "party", party.id, plans)
            if args.rotate:
                keys = [one.key for one in offboarding_report.merged(plans) if one.must_rotate]
                rotations = rotate_each(
                    ports, keys, options, actor=session.actor(), process_alive=process_alive
                )
                report = offboarding_report.keep(ports, "party", party.id, _plans(ports, party.id))
    if out.json:
        told = people_words.party_document(party) | {"people_ended": [ended.person.id for ended in left]}
        if report is not None:
            told["report"] = {"id": report.id} | json.loads(report.document)
        out.document(told)
    else:
        grants = sum(len(ended.grants) for ended in left)
        out.data(f"party {party.id}: ended, with {len(left)} people and {grants} grants")
        if report is not None:
            offboarding_words.tell(out, json.loads(report.document))
            out.talk(f"keyguard: the report is kept: keyguard report show {report.id}")
        else:
            for ended in left:
                out.data(f"  what they may have kept: keyguard person offboard {ended.person.id}")
        for name, error in rotations.failed.items():
            out.data(f"{name} was not rotated: {error.message}", style="red")
    return next((error.exit_status for error in rotations.failed.values()), 0)


def _plans(ports: Ports, party: str) -> list[offboard.Plan]:
    """Of all its people, those who left before too."""
    staff = [person for person in ports.people.persons() if person.party == party]
    return [offboard.plan(ports, person.id) for person in staff]
