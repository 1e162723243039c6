"""What most commands begin with: the home, opened with the person at this terminal."""

from __future__ import annotations

import contextlib
import functools
import gc
import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard import home as homes
from keyguard import wiring
from keyguard.cli import qr
from keyguard.cli.person import TerminalPerson, speaks_korean
from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.stores.passphrase import check_new, read_passphrase
from keyguard.whoami import actor as actor

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from keyguard.cli.output import Output
    from keyguard.cli.person import Output as Talking
    from keyguard.home import Config, Home
    from keyguard.ports.all import Ports
    from keyguard.ports.secrets import SecretStore


def home_of(args: argparse.Namespace) -> Home:
    """The home these arguments mean."""
    return homes.locate(args.home)


@contextlib.contextmanager
def opened(
    args: argparse.Namespace, out: Output, *, unlock: Callable[[], Secret] | None = None
) -> Iterator[Ports]:
    """All ports; simulated venues are named first, so that nobody takes what follows for real.

    `unlock` gives the file store's passphrase where it is asked for once for several things.
    """
    home = home_of(args)
    config = home.read()
    announce(config, out)
    # A command ends soon, and the thousands of keys it may read at once are no garbage.
    gc.set_threshold(50_000, 20, 20)
    unlocking = unlock or wiring.Unlock(args.passphrase_file, prompt)
    with wiring.opened(home, unlocking, _person(out, out)) as ports:
        merge_emergency(home, ports, out)
        yield ports


@contextlib.contextmanager
def opened_for_panic(
    args: argparse.Namespace, out: Output, talking: Talking, file: Path
) -> Iterator[tuple[Ports, Ports]]:
    """All ports, and those that write to the emergency file; steps are told to `talking`."""
    home = home_of(args)
    announce(home.read(), out)
    unlock = wiring.Unlock(args.passphrase_file, prompt)
    with wiring.opened_for_panic(home, unlock, _person(out, talking), file) as both:
        yield both


def merge_emergency(home: Home, ports: Ports, out: Output) -> None:
    """Bring in what a panic wrote beside the database; where that still takes nothing, say so and go on."""
    if not home.emergency_file.exists():
        return
    from keyguard.stores.emergency import merge  # noqa: PLC0415 - almost never needed

    try:
        count = merge(ports, home.emergency_file)
    except StoreError as error:
        out.talk(f"keyguard: the emergency file waits to be merged: {error.message}")
    else:
        out.talk(f"keyguard: {count} records of the emergency file are in the log now")


def _person(out: Output, talking: Talking) -> TerminalPerson:
    return TerminalPerson(
        talking,
        sys.stdin.buffer,
        interactive=sys.stdin.isatty(),
        korean=speaks_korean(os.environ),
        show_code=functools.partial(qr.show, out) if out.talk_colour and not out.json else None,
    )


def announce(config: Config, out: Output) -> None:
    """Name the simulated venues, so that nobody takes what follows for real."""
    if config.simulators:
        out.talk(f"keyguard: simulated here, not the real venue: {', '.join(sorted(config.simulators))}")


def prompt(text: str) -> Secret:
    """Ask without echo; StoreError where there is no terminal to ask on."""
    if not sys.stdin.isatty():
        raise StoreError(
            "the store is locked and there is no terminal to ask for its passphrase",
            code="store.locked",
            still="nothing was changed",
            hint="--passphrase-file F, or KEYGUARD_PASSPHRASE_FILE",
        )
    return Secret(getpass.getpass(text))


def prompt_twice(text: str) -> Secret:
    """Ask for a new passphrase twice; StoreError if the two differ or it is empty."""
    first = prompt(text)
    if not len(first) or first != prompt("once more: "):
        raise StoreError(
            "the two passphrases differ, or are empty",
            code="store.passphrase",
            still="nothing was changed",
        )
    return first


def once(args: argparse.Namespace) -> Callable[[], Secret]:
    """What unlocks the file store, asked for at most once however many things want it."""
    return functools.cache(wiring.Unlock(args.passphrase_file, prompt))


def store(args: argparse.Namespace) -> SecretStore:
    """The home's secret store alone."""
    home = home_of(args)
    return wiring.secret_store(home, home.read(), wiring.Unlock(args.passphrase_file, prompt))


def new_passphrase(file: str | None) -> Secret:
    """A passphrase for a store that is to be made: where that of a store is looked for, else asked for twice.

    UsageError `store.weak_passphrase` for one that would be guessed at once.
    """
    return check_new(wiring.Unlock(file, prompt_twice)())


def fresh_passphrase(file: str | None, text: str = "new passphrase of the keyguard store: ") -> Secret:
    """A passphrase beside the store's own, which the usual places hold: only from `file`, else asked for
    twice. UsageError `store.weak_passphrase`."""
    return check_new(read_passphrase(Path(file)) if file else prompt_twice(text))
