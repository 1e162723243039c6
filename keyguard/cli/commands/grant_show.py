"""`keyguard grant show`: one grant with its approval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session
from keyguard.core.keys import scope_names
from keyguard.workflows import approvals, end_grant

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("grant", help="its id or the beginning of it")
    parser.epilog = "example: keyguard grant show gr_3f0c"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print the grant."""
    with session.opened(args, out) as ports:
        now = ports.clock.now()
        grant = end_grant.find(ports, args.grant)
        approval = approvals.find(ports, grant.approval)
        keys = {key.id: key for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    if out.json:
        told = people_words.grant_document(grant, keys, now)
        out.document(told | {"approval": people_words.approval_document(approval)})
        return 0
    out.data(grant.id, style="bold")
    out.data(f"  {grant.person} may use {people_words.subject_text(grant, keys)}")
    out.data(f"  state    {people_words.grant_state(grant, now)}")
    out.data(f"  from     {grant.span.since:%Y-%m-%d %H:%MZ}")
    out.data(f"  until    {people_words.until_text(grant.span.end)}")
    out.data(f"  up to    {','.join(scope_names(grant.scopes))}")
    out.data(f"  purpose  {grant.purpose or '-'}")
    out.data(f"  only     {people_words.bounds_text(grant) or 'bound to nothing'}")
    decided = f"{approval.decision.value} by {approval.decided_by}" if approval.decision else "waits"
    out.data(f"  given    by {grant.given_by}; {approval.id}: {decided}")
    return 0
