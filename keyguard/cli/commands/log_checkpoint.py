"""`keyguard log checkpoint`: seal the log and print its head, three lines to deposit with somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.cli.views import instant
from keyguard.workflows.log_day import mail
from keyguard.workflows.seal import make_seal, sealed

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.workflows.seal import Sealed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--last", action="store_true", help="the newest one, without another seal")
    parser.add_argument("--note", action="store_true", help="with all signatures, as witnesses want it")
    parser.add_argument("--mail", default="", metavar="CHANNEL", help="send the note over an alert channel")
    parser.epilog = (
        "Whoever keeps the three lines can later tell whether the log was rewritten; they tell nothing of\n"
        "what it holds.\n\nexample: keyguard log checkpoint --mail auditor"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Seal, print, send. IntegrityError (exit 6) where signing could contradict an earlier checkpoint."""
    with session.opened(args, out) as ports:
        made = sealed(ports) if args.last else make_seal(ports)
        if args.mail:
            from keyguard.gateway.apprise_messenger import AppriseMessenger  # noqa: PLC0415 - where used

            mail(ports, AppriseMessenger(), args.mail, made)
    if out.json:
        out.document(_document(made))
    else:
        for line in (str(made.note) if args.note else made.note.text).splitlines():
            out.data(line)
    if args.mail:
        out.talk(f"keyguard: sent to {args.mail}")
    return 0


def _document(made: Sealed) -> dict[str, object]:
    return {
        "origin": made.origin,
        "vkey": str(made.vkey),
        "size": made.checkpoint.size,
        "root": made.checkpoint.root.hex(),
        "records": made.records,
        "sealed_at": instant(made.seal.t),
        "note": str(made.note),
    }
