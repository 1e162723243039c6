"""`keyguard log resume`: let a restored log sign again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import evidence, session
from keyguard.core.errors import UsageError
from keyguard.workflows.log_resume import resume

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", nargs="?", default="", help="the newest signed checkpoint that anybody holds")
    parser.add_argument("--none", action="store_true", help="nobody was ever given one")
    parser.add_argument("--reason", default="", metavar="R", help="for the second person")
    parser.epilog = (
        "After a restore a log signs nothing, since it may have signed more than it remembers. Ask whoever\n"
        "gets your checkpoints for the newest; if this log does not reach it, only a newer copy can sign.\n"
        "Where people are declared a second one has to agree (keyguard approve).\n"
        "\nexample: keyguard log resume newest-from-auditor.txt"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Check and record it; IntegrityError (exit 6) where the log does not continue that checkpoint."""
    if bool(args.file) == args.none:
        raise UsageError(
            "name the newest checkpoint, or say --none", code="usage", still="nothing was changed"
        )
    held = evidence.text(args.file) if args.file else None
    with session.opened(args, out) as ports:
        size = resume(ports, held, actor=session.actor(), why=args.reason)
    if out.json:
        out.document({"size": size})
    elif size:
        out.data(f"this log continues checkpoint {size}; it signs again, and says so")
    else:
        out.data("recorded that nobody holds a checkpoint; the log signs again, and says so")
    return 0
