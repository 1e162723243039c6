"""`keyguard store migrate`: all secrets of this home into another store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard import moves, wiring
from keyguard.cli import session
from keyguard.core.errors import UsageError
from keyguard.workflows import migrate

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.ports.all import Ports
    from keyguard.workflows.migrate import Move


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--to", required=True, choices=("os-keyring", "file"), help="where they shall live")
    parser.add_argument("--dry-run", action="store_true", help="read everything, change nothing")
    parser.add_argument(
        "--delete-source", action="store_true", help="last, when all is compared, remove them where they were"
    )
    parser.epilog = (
        "Copies, reads back, compares, switches. Interrupted at any point, the same command goes on.\n"
        "Before the switch, a move is given up by `--to` the store in use.\n"
        "\nexample: keyguard store migrate --to file --dry-run"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Move, go on, give up or clear, as the home stands; tells which."""
    home = session.home_of(args)
    passphrase = moves.Passphrase(
        home,
        wiring.Unlock(args.passphrase_file, session.prompt),
        lambda: session.new_passphrase(args.passphrase_file),
    )
    if args.to == "file" and not args.dry_run:
        passphrase()  # one that is refused is told before anything is begun
    with session.opened(args, out, unlock=passphrase) as ports:
        move = moves.move_to(home, home.read(), args.to, passphrase)
        told = _go(ports, args, move)
    told = {"to": args.to, **told}
    if out.json:
        out.document(told)
        return 0
    out.data(_words(told))
    return 0


def _go(ports: Ports, args: argparse.Namespace, move: Move) -> dict[str, object]:
    pending = migrate.unfinished(ports)
    if pending and pending.data["to"] != move.target.store.kind:
        if move.switched():
            return _given_up(ports, args, move)
        raise UsageError(
            "a move to the store now in use has not come to its end",
            code="store.unfinished",
            still="nothing was changed",
            hint="run that move again first, then this one",
        )
    if move.switched() and not pending and not (args.delete_source and move.source.held()):
        raise UsageError(
            f"this home uses the {args.to} store already",
            code="home.store",
            still="nothing was changed",
            hint="" if args.delete_source else "--delete-source clears what an earlier move left behind",
        )
    if args.dry_run:
        return {"state": "rehearsed", "items": 0 if move.switched() else migrate.rehearse(move)}
    moved = migrate.migrate(ports, move, delete_source=args.delete_source)
    return {
        "state": "moved",
        "items": moved.items,
        "resumed": moved.resumed,
        "source": "removed" if moved.cleared else "kept",
    }


def _given_up(ports: Ports, args: argparse.Namespace, move: Move) -> dict[str, object]:
    """`--to` the store in use, while a move away from it is under way."""
    if args.dry_run:
        return {"state": "would be given up"}
    back = migrate.Move(move.target, move.source, move.frozen, lambda: not move.switched(), move.switch)
    migrate.abandon(ports, back)
    return {"state": "given up"}


def _words(told: dict[str, object]) -> str:
    state, to = told["state"], told["to"]
    if state == "rehearsed":
        return f"{told['items']} items can be read and would move to {to}; nothing was changed"
    if state == "moved":
        source = "where they were nothing is left"
        if told["source"] == "kept":
            source = "the copies where they were are still there (--delete-source)"
        return f"{told['items']} items are in {to}, read back and equal; this home uses it; {source}"
    return f"the move is {state}; this home goes on with {to}"
