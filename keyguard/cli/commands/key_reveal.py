"""`keyguard key reveal`: a key's secret before a person's eyes, on record first."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import daemons, screen, session
from keyguard.core.errors import DaemonError, StoreError, UsageError
from keyguard.core.keys import TEST_VARIABLE, Environment
from keyguard.processes import start_time
from keyguard.workflows import handout
from keyguard.workflows.identity import Process
from keyguard.workflows.reveal import reveal

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.core.exchange import Credential
    from keyguard.core.findings import Item
    from keyguard.home import Home

_PEM = "-----BEGIN"
_LONGEST_S = 600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("key", help="id, venue/desk/label or any unambiguous part")
    parser.add_argument(
        "--reason", default="", metavar="R", help="goes into the audit record, to the venue too"
    )
    parser.add_argument(
        "--seconds", type=int, default=60, metavar="N", help="how long it stays on the screen (60)"
    )
    parser.add_argument(
        "--to-output", action="store_true", help="write it to stdout instead: a pipe or a file"
    )
    parser.epilog = (
        "Where people are declared a second one has to agree. A secret that was seen is best rotated.\n\n"
        "example: keyguard key reveal bybit/mm/bot --reason 'entering it into the FIX engine'"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Record, read, show, clear. UsageError where it would end in a pipe or file that nobody asked for."""
    if not args.to_output and (out.json or not screen.can_show()):
        raise UsageError(
            "this is no terminal that can show a secret and forget it",
            code="reveal.terminal",
            still="nothing was read",
            hint="--to-output writes it to stdout, if that is what you want; or keyguard run K -- CMD",
        )
    if not 0 < args.seconds <= _LONGEST_S:
        raise UsageError(f"--seconds is 1 to {_LONGEST_S}", code="usage", still="nothing was read")
    _demand_unlocked(session.home_of(args))
    with session.opened(args, out) as ports:
        given = reveal(
            ports,
            args.key,
            reason=args.reason,
            to="output" if args.to_output else "terminal",
            actor=session.actor(),
            process=_ourselves(),
            environment=Environment.TEST if _is_test() else Environment.LIVE,
            raise_alert=lambda found, _: _tell(out, found),
        )
        try:
            parts = parts_of(given.credential)
            if not args.to_output:
                lines = [f"{given.key.name}, version {given.version.number}", ""]
                screen.show(out, [*lines, *_lines(parts)], args.seconds)
            elif out.json:
                out.document(parts)
            else:
                for line in _lines(parts):
                    out.data(line)
        finally:
            handout.end(ports, given.lease_id)
    out.talk(f"keyguard: revealed, and on record; to be safe: keyguard key rotate {given.key.name}")
    return 0


def _demand_unlocked(home: Home) -> None:
    """A locked daemon means that no key is released: we are no way around it."""
    try:
        with daemons.reach(home, any_version=True) as connection:
            locked = connection.call("store.status")["locked"]
    except DaemonError as error:
        if error.code != "daemon.not_running":
            raise
        return
    if locked:
        raise StoreError(
            "the daemon's store is locked: no key is released",
            code="store.locked",
            still="nothing was read",
            hint="keyguard store unlock",
        )


def parts_of(credential: Credential) -> dict[str, str]:
    """By the names under which `key add --stdin` takes them."""
    value = credential.secret.reveal()
    parts = {"key": credential.key, "private_key" if value.lstrip().startswith(_PEM) else "secret": value}
    if credential.passphrase is not None:
        parts["passphrase"] = credential.passphrase.reveal()
    return parts


def _lines(parts: dict[str, str]) -> list[str]:
    """A PEM has many lines, which come after its name."""
    lines: list[str] = []
    for name, value in parts.items():
        lines += [f"{name}:", *value.splitlines()] if "\n" in value else [f"{name}: {value}"]
    return lines


def _ourselves() -> Process:
    return Process(os.getpid(), start_time(os.getpid()), "keyguard", str(Path(sys.argv[0]).resolve()))


def _is_test() -> bool:
    return os.environ.get(TEST_VARIABLE) == Environment.TEST.value


def _tell(out: Output, found: Item) -> None:
    out.talk(f"keyguard: alert: {found.subject}: {found.text}")
