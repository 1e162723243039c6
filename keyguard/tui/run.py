"""Starts the terminal UI on a home. Loads Textual only when told to start."""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from keyguard import __version__
from keyguard.core.errors import DaemonError, StoreError, UsageError
from keyguard.processes import process_alive
from keyguard.rpc import place
from keyguard.rpc.client import Connection
from keyguard.tui.picture import DaemonState, DaemonView
from keyguard.whoami import actor

if TYPE_CHECKING:
    from keyguard.core.secret import Secret
    from keyguard.home import Home
    from keyguard.ports.all import Ports
    from keyguard.tui.asking import ScreenPerson
    from keyguard.tui.exporting import Exporter
    from keyguard.tui.panicking import Panicking, Watcher
    from keyguard.tui.reading import Home as HomeFacts
    from keyguard.tui.source import Source
    from keyguard.tui.work import Work

PATIENCE_S = 2.0
TURN_S = 0.0005
_WEB_DRIVER = "textual.drivers.web_driver:WebDriver"
_HARMLESS = frozenset({"TEXTUAL_ANIMATIONS", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_FPS"})


def run(
    home: Home,
    *,
    language: str,
    theme: str,
    lock_after_s: float,
    passphrase: bool = True,
    passphrase_file: str | None = None,
    signer: str = "",
    read_only: bool = False,
) -> None:
    """Show the home until the person quits; raises what broke the app, if anything did.

    `passphrase` False: the lock asks for none, though the store may have one. `passphrase_file`: where that
    of the file store stands, for what is done here; `signer`: the officer's key that Attest proposes.
    `read_only`: nothing here can change the home or read a secret. UsageError without a home.
    """
    home.read()
    disarm()
    from keyguard.tui.app import KeyguardApp  # noqa: PLC0415 - `disarm` comes first

    rest_collector()
    share()
    app = KeyguardApp(
        source(home, passphrase=passphrase and not read_only, read_only=read_only),
        work=None if read_only else work(home, passphrase_file),
        panicking=None if read_only else panicking(home, passphrase_file),
        exporter=exporter(home, signer),
        read_only=read_only,
        language=language,
        theme=theme,
        lock_after_s=lock_after_s,
    )
    app.run()
    if app.panicking is not None:
        app.panicking.wait()
    if app.broke is not None:
        raise app.broke


def serve(
    home: Home, tell: Callable[[str], None], *, language: str, theme: str, port: int, idle_s: float
) -> None:
    """Show the home in a browser, read-only, until interrupted; `tell` is given each link.

    UsageError without a home, without the `web` extra, or where the port is taken.
    """
    home.read()
    if any(importlib.util.find_spec(name) is None for name in ("aiohttp", "textual_serve")):
        raise UsageError(
            "a browser needs textual-serve", code="tui.web_missing", hint="pip install 'keyguard[web]'"
        )
    from keyguard.tui.serve import Server, command  # noqa: PLC0415 - loads a web server

    Server(command(home.path, language=language, theme=theme), tell, port=port, idle_s=idle_s).run()


def disarm() -> None:
    """Take away what would have Textual write all events to a file, a socket or a screenshot, and asyncio log
    what its callbacks were given.

    Pasted secrets are events. Textual reads these variables when it is imported.
    """
    os.environ.pop("PYTHONASYNCIODEBUG", None)
    for name in list(os.environ):
        if name == "TEXTUAL" or name.startswith("TEXTUAL_"):
            served = name == "TEXTUAL_DRIVER" and os.environ[name] == _WEB_DRIVER
            if name not in _HARMLESS and not served:
                del os.environ[name]


def rest_collector() -> None:
    """Look for garbage seldom: among thousands of keys that alone would take longer than a key may."""
    gc.set_threshold(50_000, 20, 100)


def share() -> None:
    """Let threads take turns often: Textual waits for a turn at every step of a key's way, and while a home
    of thousands of keys is read, Python's usual turn of 5 ms would add up to more than a key may take."""
    sys.setswitchinterval(TURN_S)


def source(home: Home, *, passphrase: bool = True, read_only: bool = False) -> Source:
    """Reads this home and its daemon. `passphrase`: whether the lock may ask for that of a file store;
    `read_only`: database and store refuse whatever else one might try."""
    from keyguard.tui.source import Source  # noqa: PLC0415 - with all it loads

    def identity() -> object:
        return _identity(home)

    opens = partial(_opens, home) if passphrase and home.read().store == "file" else None
    opening = _looked_at if read_only else _opened
    return Source(lambda: opening(home), lambda: _facts(home), lambda: ask_daemon(home), identity, opens)


def work(home: Home, passphrase_file: str | None = None) -> Work:
    """Changes this home, as commands do; `passphrase_file` unlocks a file store, else a screen asks."""
    from keyguard.tui.work import Work  # noqa: PLC0415 - with all it loads

    @contextlib.contextmanager
    def opening(person: ScreenPerson) -> Iterator[Ports]:
        from keyguard import wiring  # noqa: PLC0415 - loads the database's library: after the first paint

        unlock = wiring.Unlock(passphrase_file, person.passphrase)
        with wiring.opened(home, unlock, person) as ports:
            yield ports

    return Work(opening, actor(), process_alive)


def exporter(home: Home, signer: str = "") -> Exporter:
    """Has this home's attestations made, checked and copied, as commands do."""
    from keyguard import attestations  # noqa: PLC0415 - as above
    from keyguard.stores.agent_logs import AgentLogs  # noqa: PLC0415 - as above
    from keyguard.stores.attestations import AttestationFolder  # noqa: PLC0415 - as above
    from keyguard.tui.exporting import NO_COPIES, Exporter  # noqa: PLC0415 - as above

    def finishing(ports: Ports, copies: str) -> attestations.Finishing:
        first = copies if copies and copies != NO_COPIES else None
        return attestations.Finishing(home, ports, first, copies != NO_COPIES)

    kept = home.attestations
    return Exporter(
        home.path,
        home.read,
        AttestationFolder(kept),
        AttestationFolder(kept / "waiting"),
        finishing,
        attestations.opened_key,
        attestations.checks,
        signer,
        AgentLogs(home.agents),
    )


def _opens(home: Home, passphrase: Secret) -> bool:
    """Whether this is the passphrase of the file store; a store that is gone or damaged opens by none."""
    from keyguard import wiring  # noqa: PLC0415 - loads the vault's cryptography

    try:
        wiring.vault(home, lambda: passphrase).names()
    except StoreError:
        return False
    return True


@contextlib.contextmanager
def _opened(home: Home) -> Iterator[Ports]:
    from keyguard import wiring  # noqa: PLC0415 - loads the database's library: after the first paint

    with wiring.opened(home, _no_passphrase, _Nobody()) as ports:
        yield ports


@contextlib.contextmanager
def _looked_at(home: Home) -> Iterator[Ports]:
    from keyguard import wiring  # noqa: PLC0415 - as above

    with wiring.opened_to_look(home, _Nobody()) as ports:
        yield ports


def panicking(home: Home, passphrase_file: str | None = None) -> Panicking:
    """Ends the keys of this home, as `keyguard panic` does; `passphrase_file` as for `work`."""
    from keyguard.tui.panicking import Panicking  # noqa: PLC0415 - with all it loads

    @contextlib.contextmanager
    def opening(passphrase: Secret | None, watcher: Watcher) -> Iterator[tuple[Ports, Ports]]:
        from keyguard import wiring  # noqa: PLC0415 - as above

        def given(_: str) -> Secret:
            return passphrase if passphrase is not None else _no_passphrase()

        unlock = wiring.Unlock(passphrase_file, given)
        with wiring.opened_for_panic(home, unlock, watcher, home.emergency_file) as both:
            yield both

    def asks() -> bool:
        from keyguard import wiring  # noqa: PLC0415 - as above

        locked = wiring.Unlock(passphrase_file, lambda _: _no_passphrase()).found() is None
        return locked and home.read().store == "file"

    return Panicking(opening, actor(), process_alive, asks)


def _facts(home: Home) -> HomeFacts:
    from keyguard.tui.reading import Home as Facts  # noqa: PLC0415 - as above

    config = home.read()
    return Facts(config.firm.get("name_latin", ""), frozenset(config.simulators))


def _identity(home: Home) -> object:
    """Which file the database is; StoreError where it is gone. A server's is asked when it is used."""
    if home.read().database:
        return ""
    try:
        found = home.database_file.stat()
    except FileNotFoundError:
        raise StoreError(
            f"there is no database at {home.database_file}", code="database.missing", hint="keyguard doctor"
        ) from None
    return found.st_dev, found.st_ino


def _no_passphrase() -> NoReturn:
    raise StoreError("a screen that only reads asked for the store", code="store.locked")


class _Nobody:
    """Nothing that only reads asks a person."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise UsageError("a screen that only reads asked a person", code="usage")

    new_credential = confirm = tick = answer = tell = _refuse


def ask_daemon(home: Home) -> DaemonView:
    """How the daemon of this home does; never raises."""
    try:
        with Connection(place.find(home.path), any_version=True, patience=PATIENCE_S) as connection:
            if connection.version != __version__:
                return DaemonView(DaemonState.VERSION, connection.version)
            status = connection.call("status")
            locked = bool(status["store"]["locked"])
            return DaemonView(
                DaemonState.LOCKED if locked else DaemonState.RUNNING,
                connection.version,
                int(status["hand_outs"]),
                int(status["unfinished_workflows"]),
            )
    except DaemonError as error:
        return DaemonView(_STATES.get(error.code, DaemonState.BROKEN), why=error.message)


_STATES = {
    "daemon.not_running": DaemonState.ABSENT,
    "daemon.gone": DaemonState.ABSENT,
    "daemon.silent": DaemonState.SLOW,
}
