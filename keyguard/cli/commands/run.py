"""`keyguard run`: a command with keys in its environment or its files, logged before it starts."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import child, delivery, environment, following, giving, session
from keyguard.cli.environment import STYLES, Handed
from keyguard.cli.following import Follower
from keyguard.core import keys
from keyguard.core.errors import UsageError
from keyguard.processes import process_alive, start_time
from keyguard.workflows import handout
from keyguard.workflows.identity import Process

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from keyguard.cli.child import Launch
    from keyguard.cli.delivery import Delivered
    from keyguard.cli.environment import Environment
    from keyguard.cli.following import OnRotate
    from keyguard.cli.output import Output
    from keyguard.core.alerts import Alert
    from keyguard.core.secret import Secret
    from keyguard.intake.references import Reference
    from keyguard.ports.all import Ports
    from keyguard.workflows.handout import HandOut

OURS = ("KEYGUARD_", "CREDENTIALS_DIRECTORY")
"""Variables by which we find the home and the passphrase: no business of the command."""
_MODES = {"env": "env", "file": "file", "fd": "file"}
"""KGA/1's words for the ways; a sealed file without a name is a file."""

TEST_VARIABLE = "KEYGUARD_ENVIRONMENT"
"""`test` says of everything started with it, a CI job say, that it is a test and gets no live key."""


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
    simple = not on_rotate and args.give == "env" and not _is_test(args)
    if simple and (connection := giving.reached(args, out)) is not None:
        with connection, contextlib.closing(giving.FromDaemon(connection)) as giver:
            return _through_daemon(giver, args, command, inherited, from_file, named)
    with session.opened(args, out) as ports:
        running = _Running(ports, args, (program, command), inherited, from_file, named, on_rotate, out)
        while True:
            status, again = running.once()
            if not again:
                return status


def _through_daemon(
    giver: giving.FromDaemon,
    args: argparse.Namespace,
    command: tuple[str, ...],
    inherited: dict[str, str],
    from_file: dict[str, str],
    named: list[str],
) -> int:
    """The daemon hands out, and pins each lease to the command."""
    names = [*args.key, *named]
    given = {name: giver.give(name, args.purpose, Path(command[0]).name) for name in names}
    chosen = {given[name].key.id: given[name] for name in args.key}
    built = environment.build(
        inherited,
        from_file,
        list(chosen.values()),
        lambda reference: _field(given[reference.key_name], reference),
        style=args.style,
        prefix=args.prefix,
    )
    return child.spawn(child.prepare(command, built), giver.started, mask=not args.no_mask)


def _is_test(args: argparse.Namespace) -> bool:
    return bool(args.test or os.environ.get(TEST_VARIABLE) == keys.Environment.TEST.value)


class _Running:
    """One command, started again with new keys where that was asked for."""

    def __init__(
        self,
        ports: Ports,
        args: argparse.Namespace,
        command: tuple[str, tuple[str, ...]],
        inherited: dict[str, str],
        from_file: dict[str, str],
        named: list[str],
        on_rotate: OnRotate,
        out: Output,
    ) -> None:
        program, self._command = command
        self._ports, self._args, self._out = ports, args, out
        self._inherited, self._from_file = inherited, from_file
        self._names = [*args.key, *named]
        self._on_rotate = on_rotate
        name, executable = Path(self._command[0]).name, str(Path(program).resolve())
        self._process = Process(os.getpid(), start_time(os.getpid()), name, executable)
        self._environment = keys.Environment.TEST if _is_test(args) else keys.Environment.LIVE

    def once(self) -> tuple[int, bool]:
        """Hand out, start, wait; returns the exit status and whether to start again."""
        given = {one.key.id: one for one in self._hand_out()}
        follower = Follower(self._ports, self._on_rotate, given, self._tell)
        try:
            owner = (self._process.pid, self._process.started)
            built = self._built(given)
            with delivery.delivered(built, self._args.give, owner, process_alive) as delivered:
                launch = child.prepare(self._command, delivered.environment, delivered.handles)
                return self._wait(launch, delivered, follower), follower.restart
        finally:
            for lease in follower.leases():
                handout.end(self._ports, lease)

    def _wait(self, launch: Launch, delivered: Delivered, follower: Follower) -> int:
        given = follower.given
        attached: list[Process] = []

        def started(pid: int, at: str) -> None:
            attached.append(Process(pid, at, self._process.command))
            for key_id, one in given.items():
                given[key_id] = handout.attach(self._ports, one, attached[0])

        def look(send: Callable[[int], None], mask: Callable[[tuple[Secret, ...]], None]) -> None:
            def renew(key_id: str) -> None:
                (fresh,) = self._hand_out([key_id])
                given[key_id] = handout.attach(self._ports, fresh, attached[0])
                built = self._built(given)
                mask(built.secrets)
                delivered.replace(built)

            follower.look(send, renew)

        watch = child.Watch(following.LOOK_EVERY_S, look) if self._on_rotate else None
        return child.spawn(launch, started, mask=not self._args.no_mask, watch=watch)

    def _built(self, given: dict[str, HandOut]) -> Environment:
        chosen = {self._ports.inventory.find_key(name).id for name in self._args.key}
        return environment.build(
            self._inherited,
            self._from_file,
            [_handed(self._ports, one) for one in given.values() if one.key.id in chosen],
            lambda reference: _resolve(given, reference),
            style=self._args.style,
            prefix=self._args.prefix,
        )

    def _hand_out(self, names: list[str] | None = None) -> list[HandOut]:
        """Release every key once; the record of each is on disk before its secret is read."""
        ids = dict.fromkeys(self._ports.inventory.find_key(name).id for name in names or self._names)
        return [
            handout.hand_out(
                self._ports,
                key_id,
                purpose=self._args.purpose,
                mode=_MODES[self._args.give],
                actor=session.actor(),
                process=self._process,
                environment=self._environment,
                raise_alert=self._alert,
            )
            for key_id in ids
        ]

    def _alert(self, alert: Alert) -> None:
        self._tell(f"alert: {alert.title}; {alert.text}")

    def _tell(self, text: str) -> None:
        self._out.talk(f"keyguard: {text}")


def _handed(ports: Ports, one: HandOut) -> Handed:
    return Handed(one.key, ports.gateway.adapter(one.key.venue).facts, one.credential)


def _resolve(given: dict[str, HandOut], reference: Reference) -> Secret | str:
    """The field a reference names, of a key that was handed out for it."""
    return _field(next(one for one in given.values() if one.key.name == reference.key_name), reference)


def _field(one: HandOut | Handed, reference: Reference) -> Secret | str:
    if reference.field == "key":
        return one.credential.key
    part = one.credential.passphrase if reference.field == "passphrase" else one.credential.secret
    if part is None:
        raise UsageError(
            f"{one.key.name} has no {reference.field}", code="reference.field", hint="use #key or #secret"
        )
    return part
