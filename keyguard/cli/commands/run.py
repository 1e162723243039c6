"""`keyguard run`: a command with keys in its environment or its files, logged before it starts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import child, delivery, environment, following, giving
from keyguard.cli.environment import STYLES
from keyguard.cli.following import Follower
from keyguard.core.errors import UsageError
from keyguard.core.keys import TEST_VARIABLE
from keyguard.core.keys import Environment as KeyEnvironment
from keyguard.processes import process_alive, start_time

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from keyguard.cli.child import Launch
    from keyguard.cli.delivery import Delivered
    from keyguard.cli.environment import Environment
    from keyguard.cli.following import OnRotate
    from keyguard.cli.giving import Given, Giver
    from keyguard.cli.output import Output
    from keyguard.core.secret import Secret
    from keyguard.intake.references import Reference

OURS = ("KEYGUARD_", "CREDENTIALS_DIRECTORY")
"""Variables by which we find the home and the passphrase: no business of the command."""
_MODES = {"env": "env", "file": "file", "fd": "file"}
"""KGA/1's words for the ways; a sealed file without a name is a file."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments; what follows `--` comes as `args.tail`."""
    parser.add_argument("key", nargs="*", help="id, venue/desk/label or any unambiguous part")
    parser.add_argument("--env-file", type=Path, metavar="F", help="more variables, keyguard:// resolved")
    parser.add_argument("--prefix", default="", metavar="P", help="before each variable of a key")
    parser.add_argument(
        "--as",
        dest="style",
        choices=STYLES,
        default="sdk",
        help="whose names to use; env: API_KEY, API_SECRET …, best with --prefix",
    )
    parser.add_argument(
        "--give",
        choices=delivery.WAYS,
        default="env",
        help="secrets in the environment, or NAME_FILE naming a file in memory or an inherited descriptor",
    )
    parser.add_argument(
        "--on-rotate",
        default="nothing",
        metavar="DO",
        help="when a key is rotated: nothing, restart, or signal:HUP (with --give file)",
    )
    parser.add_argument("--purpose", default="", metavar="T", help="goes into the audit record")
    parser.add_argument("--test", action="store_true", help="this is a test: it gets no live key")
    parser.add_argument("--no-mask", action="store_true", help="leave secrets in the output as they are")
    parser.usage = "keyguard run KEY… [options] -- COMMAND…"
    parser.epilog = "example: keyguard run bybit/mm/bot --purpose 'quote BTCUSDT' -- python bot.py"


def run(args: argparse.Namespace, out: Output) -> int:
    """Hand the keys out to one process and wait for it; returns its exit status."""
    command = tuple(args.tail)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    if _is_test(args):
        inherited[TEST_VARIABLE] = (
            KeyEnvironment.TEST.value
        )  # so that what it asks for itself is for a test too
    from_file = environment.read_env_file(args.env_file) if args.env_file else {}
    # The command is looked for before anything is handed out, so that a typing error leaves no record.
    program = child.prepare(command, environment.Environment({**inherited, **from_file}, ())).program
    named = [reference.key_name for reference in environment.references(inherited, from_file).values()]
    if not args.key and not named:
        raise UsageError(
            "no key is named, and no variable holds a keyguard:// reference",
            code="run.no_key",
            hint="keyguard key list shows the names",
        )
    on_rotate = following.parse(args.on_rotate, way=args.give)
    purpose = giving.Purpose(
        text=args.purpose,
        mode=_MODES[args.give],
        command=Path(command[0]).name,
        executable=str(Path(program).resolve()),
        environment=KeyEnvironment.TEST if _is_test(args) else KeyEnvironment.LIVE,
    )
    with giving.giver(args, out, purpose) as giver:
        running = _Running(giver, args, command, (inherited, from_file), named, on_rotate, out)
        while True:
            status, again = running.once()
            if not again:
                return status


def _is_test(args: argparse.Namespace) -> bool:
    return bool(args.test or os.environ.get(TEST_VARIABLE) == KeyEnvironment.TEST.value)


class _Running:
    """One command, started again with new keys where that was asked for."""

    def __init__(
        self,
        giver: Giver,
        args: argparse.Namespace,
        command: tuple[str, ...],
        variables: tuple[dict[str, str], dict[str, str]],
        named: list[str],
        on_rotate: OnRotate,
        out: Output,
    ) -> None:
        self._giver, self._args, self._command, self._out = giver, args, command, out
        self._inherited, self._from_file = variables
        self._names = list(dict.fromkeys([*args.key, *named]))
        self._on_rotate = on_rotate
        self._chosen: set[str] = set()

    def once(self) -> tuple[int, bool]:
        """Hand out, start, wait; returns the exit status and whether to start again."""
        given: dict[str, Given] = {}
        follower = Follower(self._giver, self._on_rotate, given, self._tell)
        try:
            self._hand_out(given)
            built, owner = self._built(given), (os.getpid(), start_time(os.getpid()))
            with delivery.delivered(built, self._args.give, owner, process_alive) as delivered:
                launch = child.prepare(self._command, delivered.environment, delivered.handles)
                return self._wait(launch, delivered, follower), follower.restart
        finally:
            for lease in follower.leases():
                self._giver.end(lease)

    def _hand_out(self, given: dict[str, Given]) -> None:
        """Release every key once, also where two names mean the same one."""
        for name in self._names:
            if name in {one.handed.key.name for one in given.values()}:
                continue
            one = self._giver.give(name)
            key_id = one.handed.key.id
            if key_id in given:  # by two parts of its name
                self._giver.end(one.lease)
            else:
                given[key_id] = one
            if name in self._args.key:
                self._chosen.add(key_id)

    def _wait(self, launch: Launch, delivered: Delivered, follower: Follower) -> int:
        given = follower.given
        process: list[tuple[int, str]] = []

        def started(pid: int, at: str) -> None:
            process.append((pid, at))
            for key_id, one in given.items():
                given[key_id] = self._giver.attach(one, pid, at)

        def look(send: Callable[[int], None], mask: Callable[[tuple[Secret, ...]], None]) -> None:
            def renew(key_id: str) -> None:
                given[key_id] = self._giver.attach(self._giver.give(key_id), *process[0])
                built = self._built(given)
                mask(built.secrets)
                delivered.replace(built)

            follower.look(send, renew)

        watch = child.Watch(following.LOOK_EVERY_S, look) if self._on_rotate else None
        return child.spawn(launch, started, mask=not self._args.no_mask, watch=watch)

    def _built(self, given: dict[str, Given]) -> Environment:
        return environment.build(
            self._inherited,
            self._from_file,
            [one.handed for key_id, one in given.items() if key_id in self._chosen],
            lambda reference: _resolve(given, reference),
            style=self._args.style,
            prefix=self._args.prefix,
        )

    def _tell(self, text: str) -> None:
        self._out.talk(f"keyguard: {text}")


def _resolve(given: dict[str, Given], reference: Reference) -> Secret | str:
    """The field a reference names, of a key that was handed out for it."""
    handed = next(one.handed for one in given.values() if one.handed.key.name == reference.key_name)
    if reference.field == "key":
        return handed.credential.key
    part = handed.credential.passphrase if reference.field == "passphrase" else handed.credential.secret
    if part is None:
        raise UsageError(
            f"{handed.key.name} has no {reference.field}", code="reference.field", hint="use #key or #secret"
        )
    return part
