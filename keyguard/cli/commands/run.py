"""`keyguard run`: a command with keys in its environment, logged before it starts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import child, environment, session
from keyguard.cli.environment import STYLES, Handed
from keyguard.core.errors import UsageError
from keyguard.processes import start_time
from keyguard.workflows import handout
from keyguard.workflows.identity import Process

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.core.secret import Secret
    from keyguard.intake.references import Reference
    from keyguard.ports.all import Ports
    from keyguard.workflows.handout import HandOut

OURS = ("KEYGUARD_", "CREDENTIALS_DIRECTORY")
"""Variables by which we find the home and the passphrase: no business of the command."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments; what follows `--` comes as `args.tail`."""
    parser.add_argument("key", nargs="*", help="id, venue/desk/label or any unambiguous part")
    parser.add_argument("--env-file", type=Path, metavar="F", help="more variables, keyguard:// resolved")
    parser.add_argument("--prefix", default="", metavar="P", help="before each variable of a key")
    parser.add_argument("--as", dest="style", choices=STYLES, default="native", help="whose names to use")
    parser.add_argument("--purpose", default="", metavar="T", help="goes into the audit record")
    parser.add_argument("--no-mask", action="store_true", help="leave secrets in the output as they are")
    parser.usage = "keyguard run KEY… [options] -- COMMAND…"
    parser.epilog = "example: keyguard run bybit/mm/bot --purpose 'quote BTCUSDT' -- python bot.py"


def run(args: argparse.Namespace, out: Output) -> int:
    """Hand the keys out to one process and wait for it; returns its exit status."""
    command = tuple(args.tail)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    from_file = environment.read_env_file(args.env_file) if args.env_file else {}
    # The command is looked for before anything is handed out, so that a typing error leaves no record.
    child.prepare(command, environment.Environment({**inherited, **from_file}, ()))
    named = [reference.key_name for reference in environment.references(inherited, from_file).values()]
    if not args.key and not named:
        raise UsageError(
            "no key is named, and no variable holds a keyguard:// reference",
            code="run.no_key",
            hint="keyguard key list shows the names",
        )
    with session.opened(args, out) as ports:
        given = _hand_out(ports, [*args.key, *named], args.purpose, Path(command[0]).name)
        try:
            chosen = {ports.inventory.find_key(name).id for name in args.key}
            launch = child.prepare(
                command,
                environment.build(
                    inherited,
                    from_file,
                    [_handed(ports, one) for one in given.values() if one.key.id in chosen],
                    lambda reference: _resolve(given, reference),
                    style=args.style,
                    prefix=args.prefix,
                ),
            )

            def started(pid: int, at: str) -> None:
                for key_id, one in given.items():
                    given[key_id] = handout.attach(ports, one, Process(pid, at, Path(command[0]).name))

            return child.spawn(launch, started, mask=not args.no_mask)
        finally:
            for one in given.values():
                handout.end(ports, one.lease_id)


def _hand_out(ports: Ports, names: list[str], purpose: str, command: str) -> dict[str, HandOut]:
    """Release every key once; the record of each is on disk before its secret is read."""
    pid = os.getpid()
    process = Process(pid, start_time(pid), command)
    given: dict[str, HandOut] = {}
    for name in names:
        key = ports.inventory.find_key(name)
        if key.id not in given:
            given[key.id] = handout.hand_out(
                ports, key.id, purpose=purpose, mode="env", actor=session.actor(), process=process
            )
    return given


def _handed(ports: Ports, one: HandOut) -> Handed:
    return Handed(one.key, ports.gateway.adapter(one.key.venue).facts, one.credential)


def _resolve(given: dict[str, HandOut], reference: Reference) -> Secret | str:
    """The field a reference names, of a key that was handed out for it."""
    one = next(one for one in given.values() if one.key.name == reference.key_name)
    if reference.field == "key":
        return one.credential.key
    part = one.credential.passphrase if reference.field == "passphrase" else one.credential.secret
    if part is None:
        raise UsageError(
            f"{one.key.name} has no {reference.field}", code="reference.field", hint="use #key or #secret"
        )
    return part
