"""`keyguard approve`: what waits for a second person, and the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session, signing
from keyguard.core.errors import UsageError
from keyguard.core.forgetting import names_forgotten
from keyguard.core.people import Decision
from keyguard.workflows import approvals, signers

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "approval", nargs="?", help="its id or the beginning of it; without it all are listed"
    )
    parser.add_argument("--reject", action="store_true")
    parser.add_argument("--reason", default="", metavar="R", help="needed to reject")
    parser.add_argument(
        "--compensating",
        default="",
        metavar="T",
        help="what makes up for approving one's own request, where the policy allows that at all",
    )
    parser.add_argument("--until", metavar="D", help="how long that exception holds")
    signing.add_arguments(parser)
    parser.add_argument("--check", action="store_true", help="check the signatures of all that was decided")
    parser.epilog = (
        "example: keyguard approve\n"
        "         keyguard approve ap_5c1f --reason 'as agreed with the desk'\n"
        "         keyguard approve ap_5c1f --reject --reason 'not needed any more'"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """List what waits, or decide one."""
    if args.check:
        return _check(args, out)
    if args.approval is None:
        return _list(args, out)
    if args.reject and not args.reason:
        raise UsageError("a rejection needs a reason", code="usage", hint="--reason R")
    signer = signing.signer(args)  # its passphrase is asked for before anything is locked
    with session.opened(args, out) as ports:
        decided = approvals.decide(
            ports,
            args.approval,
            Decision.REJECT if args.reject else Decision.APPROVE,
            actor=session.actor(),
            comment=args.reason,
            compensating=args.compensating,
            until=people_words.end(args.until),
            signer=signer,
        )
    if out.json:
        out.document(people_words.approval_document(decided))
    else:
        done = "rejected" if args.reject else "approved"
        out.data(f"{decided.id}: {done} by {decided.decided_by}")
    return 0


def _check(args: argparse.Namespace, out: Output) -> int:
    """IntegrityError (exit 6) names the first that is missing a signature or was altered."""
    with session.opened(args, out) as ports:
        all_ = [one for one in ports.people.approvals() if one.decision is not None]
        decided = [one for one in all_ if not names_forgotten(one)]  # what was signed said who they were
        signed = [one.id for one in decided if signers.check(ports, one, approvals.good_until(one))]
    if out.json:
        out.document({"decided": len(decided), "signed": signed, "forgotten": len(all_) - len(decided)})
    else:
        if len(all_) > len(decided):
            out.data(f"{len(all_) - len(decided)} decisions name somebody who was forgotten: not checked")
        out.data(f"{len(signed)} of {len(decided)} decisions are signed, and say what was signed")
    return 0


def _list(args: argparse.Namespace, out: Output) -> int:
    with session.opened(args, out) as ports:
        waiting = approvals.pending(ports)
        keys = {key.id: key for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
        grants = {grant.id: grant for grant in ports.people.grants()}
    if out.json:
        out.document([people_words.approval_document(approval) for approval in waiting])
        return 0
    rows = []
    for one in waiting:
        grant = grants.get(one.subject.get("grant", ""))
        key = keys.get(one.subject.get("key", ""))
        about = people_words.subject_text(grant, keys) if grant else key.name if key else ""
        asked = f"{one.asked_at:%Y-%m-%d %H:%M}"
        rows.append((one.id, one.action.value, one.subject["person"], about, one.rule, one.asked_by, asked))
    out.table(("approval", "action", "for", "about", "rule", "asked by", "at (UTC)"), rows)
    return 0
