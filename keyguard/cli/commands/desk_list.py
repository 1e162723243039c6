"""`keyguard desk list`: all desks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--all", action="store_true", help="those that ended too")
    parser.epilog = "example: keyguard desk list"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print the desks; those that only keys name are marked as not declared."""
    with session.opened(args, out) as ports:
        now, keys = ports.clock.now(), list(ports.inventory.keys())
        declared = ports.people.desks()
    desks = [desk for desk in declared if args.all or not desk.span.over(now)]
    loose = sorted({key.desk for key in keys} - {desk.name for desk in declared})
    if out.json:
        told = [people_words.desk_document(desk, keys) | {"declared": True} for desk in desks]
        undeclared = [
            {"name": name, "declared": False, "keys": [key.name for key in keys if key.desk == name]}
            for name in loose
        ]
        out.document(told + undeclared)
        return 0
    counts = {name: sum(key.desk == name for key in keys) for name in {key.desk for key in keys}}
    rows = [
        (d.name, people_words.state_text(d.span, now), d.head or "-", str(counts.get(d.name, 0)), d.purpose)
        for d in desks
    ]
    rows += [(name, "not declared", "-", str(counts[name]), "") for name in loose]
    out.table(("desk", "state", "head", "keys", "purpose"), rows)
    return 0
