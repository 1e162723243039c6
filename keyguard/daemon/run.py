"""Puts a daemon together and runs it in this process: the only file here that chooses concrete parts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn

from keyguard import __version__, wiring
from keyguard.core.due import RotationPolicy
from keyguard.core.errors import DaemonError, StoreError, UsageError
from keyguard.daemon import accounts, hardening, rights
from keyguard.daemon.custody import Custody
from keyguard.daemon.homes import HomeNow
from keyguard.daemon.jobs import Jobs
from keyguard.daemon.listening import Place, listen
from keyguard.daemon.manners import manners
from keyguard.daemon.notify import Notifier
from keyguard.daemon.peers import eyes
from keyguard.daemon.server import Server
from keyguard.daemon.settings import Settings, settings
from keyguard.daemon.workers import Workers
from keyguard.gateway.apprise_messenger import AppriseMessenger
from keyguard.home import opens_reviews, rotation_policy
from keyguard.processes import process_alive
from keyguard.rpc import place
from keyguard.stores.file_lock import locked
from keyguard.workflows.identity import Actor

if TYPE_CHECKING:
    from keyguard.core.exchange import Ask, Credential, Guide
    from keyguard.core.secret import Secret
    from keyguard.home import Home
    from keyguard.ports.all import Ports

_PATIENCE_S = 3.0
"""A daemon that was killed a moment ago may not have let go of its lock yet."""


def run(home: Home, passphrase_file: str | None, ready: Callable[[], None]) -> None:
    """Be the daemon of this home until told to stop; `ready` is called when it serves.

    Raises DaemonError `daemon.running` if it has one, and what opening the home raises.
    """
    hardening.harden()
    config = home.read()
    home.demand_private()
    chosen, manner = settings(config.daemon), manners(config.alerts)
    unlock = wiring.Unlock(passphrase_file, _nobody)
    with _alone(home), contextlib.ExitStack() as opened:
        os.chdir(home.path)
        hardening.log_to(home.daemon_log)
        now = HomeNow(home)
        custody = Custody(now.store, lambda source: wiring.secret_store(home, home.read(), source), unlock)
        ports = opened.enter_context(wiring.opened_with(home, custody, NoPerson()))
        listening = opened.enter_context(contextlib.closing(_listen(home, config.id, chosen, ports)))
        opened.enter_context(_noted(home, listening))

        policy = rotation_policy(config.rotation) or RotationPolicy()

        async def serve() -> None:
            workers = Workers(ports, custody, policy, _self(), process_alive)
            jobs = Jobs(
                ports,
                custody,
                AppriseMessenger(),
                manner,
                chosen.inspect_s,
                chosen.watch,
                workers.leaked,
                chosen.checkpoint_to,
                opens_reviews(config.reviews),
            )
            server = Server(
                ports=ports,
                custody=custody,
                own_source=unlock,
                eyes=eyes(),
                settings=chosen,
                rights=rights.granted(ports),
                listening=listening,
                notifier=Notifier(),
                jobs=jobs,
                workers=workers,
            )
            await server.run(ready)

        asyncio.run(serve())


def _listen(home: Home, home_id: str, chosen: Settings, ports: Ports) -> Place:
    if sys.platform == "win32":
        from keyguard.daemon import listening_windows  # noqa: PLC0415 - of no use elsewhere

        return listening_windows.listen(home_id, ports.clock.token(8).hex(), chosen)
    return listen(home.path, home_id, chosen)


def _self() -> Actor:
    """Who drives workflows here: the user the daemon runs as."""
    return Actor(accounts.name(accounts.own_uid()), socket.gethostname())


@contextlib.contextmanager
def _alone(home: Home) -> Iterator[None]:
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(locked(home.daemon_lock, _PATIENCE_S))
        except StoreError as error:
            if error.code != "store.busy":
                raise
            raise DaemonError(
                "a daemon of this home runs already",
                code="daemon.running",
                still="it goes on",
                hint="keyguard daemon status",
            ) from None
        yield


@contextlib.contextmanager
def _noted(home: Home, listening: Place) -> Iterator[None]:
    """Leave the note by which clients find the socket, while we serve it."""
    note, fresh = place.note_file(home.path), place.note_file(home.path).with_suffix(".new")
    told = {"socket": str(listening.path), "pid": os.getpid(), "version": __version__}
    fresh.write_text(json.dumps(told) + "\n", encoding="utf-8")
    fresh.replace(note)
    try:
        yield
    finally:
        found = place.read_note(home.path)
        if found is not None and found.pid == os.getpid():  # else that of a home which stands here now
            note.unlink(missing_ok=True)


def _nobody(_: str) -> Secret:
    raise StoreError(
        "the daemon was started without a passphrase",
        code="store.locked",
        still="it runs and waits",
        hint="keyguard store unlock",
    )


class NoPerson:
    """Nobody sits at a daemon: work that needs a person is for the commands."""

    def tick(self, venue: str, guide: Guide) -> int:
        """Refuse."""
        _refuse()

    def new_credential(self, venue: str, guide: Guide) -> Credential:
        """Refuse."""
        _refuse()

    def confirm(self, venue: str, guide: Guide) -> None:
        """Refuse."""
        _refuse()

    def answer(self, question: Ask) -> str:
        """Refuse."""
        _refuse()

    def tell(self, step: str, detail: str = "") -> None:
        """Nobody listens."""


def _refuse() -> NoReturn:
    raise UsageError("this needs a person at a terminal", code="person.needed")
