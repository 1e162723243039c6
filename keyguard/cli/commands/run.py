"""`keyguard run`: a command with keys in its environment, logged before it starts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import child, environment, giving
from keyguard.cli.environment import STYLES, Handed
from keyguard.core.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.core.secret import Secret
    from keyguard.intake.references import Reference

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
    with giving.giver(args, out) as giver:
        name = Path(command[0]).name
        given = {one: giver.give(one, args.purpose, name) for one in [*args.key, *named]}
        chosen = {given[one].key.id: given[one] for one in args.key}
        launch = child.prepare(
            command,
            environment.build(
                inherited,
                from_file,
                list(chosen.values()),
                lambda reference: _resolve(given[reference.key_name], reference),
                style=args.style,
                prefix=args.prefix,
            ),
        )
        return child.spawn(launch, giver.started, mask=not args.no_mask)


def _resolve(one: Handed, reference: Reference) -> Secret | str:
    """The field a reference names, of the key that was handed out for it."""
    if reference.field == "key":
        return one.credential.key
    part = one.credential.passphrase if reference.field == "passphrase" else one.credential.secret
    if part is None:
        raise UsageError(
            f"{one.key.name} has no {reference.field}", code="reference.field", hint="use #key or #secret"
        )
    return part
