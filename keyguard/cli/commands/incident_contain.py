"""`keyguard incident contain`: stop hand-outs of its keys; end the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import incident_words, session
from keyguard.processes import process_alive
from keyguard.workflows import contain
from keyguard.workflows.incident_document import document

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    incident_words.incident_argument(parser)
    parser.add_argument("--revoke", action="store_true", help="then end each key at its venue, with proof")
    parser.add_argument("--manager", default="", metavar="K", help="the key that manages the account")
    parser.epilog = (
        "Hand-outs stop first. The most dangerous key is ended first; what fails does not keep the others\n"
        "waiting, and the same command goes on where it stopped. Exit status: that of the first failure.\n"
        "\nexample: keyguard incident contain in_5c1f --revoke"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Freeze, and with --revoke end the keys."""
    with session.opened(args, out) as ports:
        done = contain.contain(
            ports,
            args.incident,
            revoking=args.revoke,
            manager=args.manager,
            actor=session.actor(),
            process_alive=process_alive,
        )
    if out.json:
        out.document(
            document(done.incident)
            | {
                "frozen": list(done.frozen),
                "revoked": done.revoked,
                "still_working": list(done.left),
                "failed": {
                    name: {"code": error.code, "message": error.message, "hint": error.hint}
                    for name, error in done.failed.items()
                },
            }
        )
    else:
        _tell(out, done)
    return next((error.exit_status for error in done.failed.values()), 0)


def _tell(out: Output, done: contain.Contained) -> None:
    for name in done.frozen:
        dead = name not in done.left
        out.data(
            f"{name}: {'proven dead' if dead else 'frozen, but works at the venue'}",
            style="green" if dead else "yellow",
        )
    for name, error in done.failed.items():
        out.data(f"{name} was not revoked: {error.message}", style="red")
        if error.hint:
            out.data(f"  {error.hint}")
    out.data(incident_words.line(done.incident))
    if done.left and not done.failed:
        out.talk(f"keyguard: hint: keyguard incident contain {done.incident.id} --revoke")
