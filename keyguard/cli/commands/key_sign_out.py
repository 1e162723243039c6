"""`keyguard key sign-out`: end a sign-in at its venue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.workflows.plan import REASONS
from keyguard.workflows.sign_out import sign_out

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("key")
    parser.add_argument("--reason", required=True, metavar="R", help="one of " + ", ".join(REASONS))
    parser.epilog = (
        "Interrupted, the same command goes on.\n\n"
        "example: keyguard key sign-out gemini/mm/app --reason leaver"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Revoke, see the token refused, forget it."""
    with session.opened(args, out) as ports:
        done = sign_out(ports, args.key, reason=args.reason, actor=session.actor())
    if out.json:
        out.document({"key": done.key.name, "status": "dead", "worked_before": done.worked})
    else:
        how = (
            "signed out; its token is refused"
            if done.worked
            else "it had ended already; its tokens are refused"
        )
        out.data(f"{done.key.name}: {how}")
    return 0
