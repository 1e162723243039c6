"""`keyguard person offboard`: end what a person may do; say what to rotate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from keyguard.cli import people_words, rotation_words, sealing, session
from keyguard.cli.views import instant
from keyguard.core.errors import UsageError
from keyguard.core.keys import scope_names
from keyguard.processes import process_alive
from keyguard.workflows import end_person, offboard, offboarding_report
from keyguard.workflows.declare_person import find
from keyguard.workflows.rotate import OVERLAP_S, Options
from keyguard.workflows.rotate_each import Rotations, rotate_each

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("person")
    parser.add_argument("--yes", action="store_true", help="do it; without it only say what it would mean")
    parser.add_argument("--rotate", action="store_true", help="then rotate what they were handed, one by one")
    parser.add_argument(
        "--overlap",
        default=f"{OVERLAP_S}s",
        metavar="T",
        help="with --rotate: how long processes with an old key may run on",
    )
    parser.add_argument("--reason", default="leaver", metavar="R", help=people_words.REASON_HELP)
    parser.epilog = (
        "Grants end first. Works again for somebody who has left: it lists what is still to be rotated.\n\n"
        "example: keyguard person offboard hana --yes\n"
        "         keyguard person offboard hana --yes --rotate --overlap 1m"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """End grants and time (with --yes), then print the keys in the order in which to rotate them, or do it.

    The exit status is that of the first rotation that failed.
    """
    options = Options(overlap_s=rotation_words.seconds(args.overlap), reason="leaver")
    rotations, report = Rotations(), None
    with session.opened(args, out) as ports:
        grants = None
        if args.yes and find(ports, args.person).span.ended_at is None:
            ended = end_person.end(ports, args.person, actor=session.actor(), reason=args.reason)
            grants = ended.grants
        # Looked up afterwards: what was handed out until the last moment belongs to the list.
        plan = offboard.plan(ports, args.person)
        plan = plan if grants is None else replace(plan, grants=grants)
        gone = plan.person.span.ended_at
        if args.rotate and gone is None:
            raise UsageError(
                f"{plan.person.id} is still here: what is rotated now they could be handed again",
                code="offboard.still_here",
                still="nothing was changed",
                hint=f"keyguard person offboard {plan.person.id} --yes --rotate",
            )
        if not out.json:
            _tell(out, plan, done=gone is not None, rotating=args.rotate)
        if gone is not None:  # before the rotations: whoever is interrupted has the list
            report = offboarding_report.keep(ports, "person", plan.person.id, [plan])
        if args.rotate:
            keys = [one.key for one in plan.keys if one.must_rotate]
            rotations = rotate_each(ports, keys, options, actor=session.actor(), process_alive=process_alive)
            sealing.seal_soon(ports, out)
            after = offboard.plan(ports, args.person)
            report = offboarding_report.keep(ports, "person", plan.person.id, [after])
    if out.json:
        kept = {"report": report.id if report else None}
        out.document(_document(plan, instant(gone)) | _rotations(rotations) | kept)
    else:
        for name, error in rotations.failed.items():
            out.data(f"{name} was not rotated: {error.message}", style="red")
            out.data(f"  {error.hint or f'keyguard key rotate {name} --reason leaver'}")
        for name, workflow in rotations.done.items():
            rotation_words.tell(out, workflow, name)
        if report is not None:
            out.talk(f"keyguard: the report is kept: keyguard report show {report.id}")
    return next((error.exit_status for error in rotations.failed.values()), 0)


def _rotations(rotations: Rotations) -> dict[str, object]:
    return {
        "rotated": {name: workflow.id for name, workflow in rotations.done.items()},
        "not_rotated": {
            name: {"code": error.code, "message": error.message, "hint": error.hint}
            for name, error in rotations.failed.items()
        },
    }


def _tell(out: Output, plan: offboard.Plan, *, done: bool, rotating: bool) -> None:
    if done:
        out.data(f"person {plan.person.id}: off-boarded; {len(plan.grants)} grants ended", style="green")
    else:
        out.data(f"person {plan.person.id}: {len(plan.grants)} grants would end; nothing was changed yet")
    rows = [
        (
            one.key.name,
            ",".join(scope_names(one.scopes)) if one.scopes is not None else "?",
            "any" if one.any_address else "list",
            str(one.handouts),
            f"{one.last:%Y-%m-%d %H:%M}" if one.last else "-",
            str(len(one.running)),
            "rotate" if one.must_rotate else "could use",
        )
        for one in plan.keys
    ]
    if rows:
        out.table(("key", "can", "ips", "hand-outs", "last (UTC)", "running", "why"), rows)
    if rows and not rotating:
        out.data("in this order:")
        for one in plan.keys:
            out.data(f"  {one.command}")
    for key in plan.owned:
        out.data(f"  {key.name} needs another owner")
    if not done:
        out.talk(f"keyguard: hint: keyguard person offboard {plan.person.id} --yes")


def _document(plan: offboard.Plan, ended_at: str | None) -> dict[str, object]:
    return {
        "person": people_words.person_document(plan.person) | {"ended_at": ended_at},
        "done": ended_at is not None,
        "grants": [grant.id for grant in plan.grants],
        "keys": [
            {
                "key": one.key.name,
                "scopes": None if one.scopes is None else list(scope_names(one.scopes)),
                "any_address": one.any_address,
                "could_use": one.could_use,
                "handouts": one.handouts,
                "revealed": one.revealed,
                "holders": one.holders,
                "last_handout": instant(one.last),
                "running_pids": [lease.pid for lease in one.running],
                "must_rotate": one.must_rotate,
                "command": one.command,
            }
            for one in plan.keys
        ],
        "owned_keys": [key.name for key in plan.owned],
        "pending_approvals": [approval.id for approval in plan.asked],
    }
