"""Commands' way to the daemon: reach it, start it."""

from __future__ import annotations

import os
import subprocess
import sys
from time import monotonic, sleep
from typing import TYPE_CHECKING

from keyguard.core.errors import DaemonError, StoreError
from keyguard.rpc import place
from keyguard.rpc.client import Connection
from keyguard.stores.file_lock import locked

if TYPE_CHECKING:
    import argparse

    from keyguard.home import Home

_STARTING_S = 60.0
_LOOK_S = 0.05
if sys.platform == "win32":
    _OF_ITS_OWN = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
else:
    _OF_ITS_OWN = 0
"""Windows' way to a session of its own: neither our window nor our Ctrl-C."""
_KEPT = (
    *("HOME", "PATH", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV", "CREDENTIALS_DIRECTORY", "SSL_CERT_FILE"),
    *("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"),
)
_KEPT_OF_WINDOWS = (
    *("SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP"),
    *("USERPROFILE", "USERNAME", "USERDOMAIN", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
)
_KEPT_BEGINNINGS = ("LC_", "XDG_", "KEYGUARD_", "PYTHON")


def reach(home: Home, *, any_version: bool = False) -> Connection:
    """A connection to the daemon of this home; DaemonError (exit 7) where none can be had."""
    return Connection(place.find(home.path), any_version=any_version)


def reach_or_start(home: Home, args: argparse.Namespace) -> tuple[Connection, bool]:
    """A connection to the daemon of this home, and whether it had to be started for that."""
    try:
        return reach(home), False
    except DaemonError as error:
        if error.code != "daemon.not_running":
            raise
    try:
        start(home, args)
    except DaemonError:
        if (connection := _of_another(home)) is None:
            raise
        return connection, False
    return reach(home), True


def _of_another(home: Home) -> Connection | None:
    """A connection to the daemon that another command has started meanwhile, which may not serve yet; None
    where there is none."""
    until = monotonic() + _STARTING_S
    while True:
        try:
            return reach(home)
        except DaemonError as error:
            if error.code != "daemon.not_running":
                raise
        if not _has_daemon(home) or monotonic() >= until:
            return None
        sleep(_LOOK_S)


def _has_daemon(home: Home) -> bool:
    try:
        with locked(home.daemon_lock, patience=0):
            return False
    except StoreError as error:
        return error.code == "store.busy"


def start(home: Home, args: argparse.Namespace) -> None:
    """Start the daemon in a session of its own and return when it serves.

    It gets no terminal and of our environment only what it needs: a shell's variables may hold secrets.
    Raises DaemonError with what it said when it ended.
    """
    home.read()  # a home that is missing or malformed is said in this command's own words
    words = ["daemon", "run", "--detached", "--home", str(home.path)]
    if args.passphrase_file:
        words += ["--passphrase-file", os.path.abspath(args.passphrase_file)]  # noqa: PTH100 - links stay
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "keyguard", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=home.path,
        env=_environment(),
        start_new_session=True,
        creationflags=_OF_ITS_OWN,
    )
    assert child.stderr is not None
    with child.stderr:
        said = child.stderr.read().decode(errors="replace")  # ends when it serves, or ended
    if said or child.poll() is not None:
        child.wait()
        first = next((line for line in said.splitlines() if "error: " in line), "")
        raise DaemonError(
            f"the daemon did not start: {first.partition('error: ')[2] or 'it said nothing'}",
            code="daemon.start",
            hint=f"keyguard daemon run shows more; so does {home.daemon_log}",
        )


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT
        or (sys.platform == "win32" and name in _KEPT_OF_WINDOWS)
        or name.startswith(_KEPT_BEGINNINGS)
    }
