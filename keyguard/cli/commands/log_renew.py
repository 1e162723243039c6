"""`keyguard log renew`: begin a new log where the old one may sign no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard import __version__
from keyguard.cli import session
from keyguard.core.errors import UsageError
from keyguard.workflows.log_renew import renew
from keyguard.workflows.seal import make_seal

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--yes", action="store_true", help="do it; there is no way back to the old log")
    parser.add_argument("--reason", default="", metavar="R", help="for the second person")
    parser.epilog = (
        "For a restored log that ends before a checkpoint somebody holds. The old records stay as evidence;\n"
        "the new log says what they added up to. Everybody who pinned the old log's key needs the new one.\n"
        "Where people are declared a second one has to agree (keyguard approve).\n"
        "\nexample: keyguard log renew --yes"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Begin it, seal it, print the key to hand over."""
    if not args.yes:
        raise UsageError(
            "a new log cannot be undone, and recipients must be given its key",
            code="log.renew",
            still="nothing was changed",
            hint="first try keyguard log resume; then keyguard log renew --yes",
        )
    with session.opened(args, out) as ports:
        renew(ports, tool_version=__version__, actor=session.actor(), why=args.reason)
        made = make_seal(ports)
    if out.json:
        out.document({"log_id": made.log_id, "vkey": str(made.vkey)})
    else:
        out.data(f"the log is now {made.origin}")
        out.data(f"its key, for everybody who checks it: {made.vkey}")
    return 0
