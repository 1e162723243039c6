"""A session bus and a GNOME Keyring of our own, in throw-away folders.

The daemons are held by this process and ended with it; nothing of the person's own session is used. What
is not installed here is a failure in CI and a skip elsewhere.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NEEDED = {"dbus-daemon": "dbus-daemon", "gnome-keyring-daemon": "gnome-keyring"}
_START_SECONDS = 20.0
_STARTS = 3
_GNOME_INTERFACE = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
_SILENT_PROMPTER = """\
[D-BUS Service]
Name=org.gnome.keyring.SystemPrompter
Exec=/bin/sleep 10
"""


@dataclass(frozen=True)
class Session:
    """A running session: what a process needs in its environment to use it, and its keyring's pid."""

    environment: Mapping[str, str]
    keyring_pid: int | None
    password: bytes = field(repr=False)

    @property
    def address(self) -> str:
        return self.environment["DBUS_SESSION_BUS_ADDRESS"]

    def alive(self) -> bool:
        """Whether the keyring still runs; GNOME Keyring 42.1 now and then aborts by itself."""
        assert self.keyring_pid
        ended = os.waitid(os.P_PID, self.keyring_pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return ended is None

    def lock(self) -> None:
        """Lock the default keyring as a screen saver would."""
        import secretstorage

        with _bus(self.address), closing(secretstorage.dbus_init()) as connection:
            secretstorage.Collection(connection).lock()

    def unlock(self) -> None:
        """Unlock it again, as logging in to the desktop does."""
        import secretstorage
        from secretstorage.util import DBusAddressWrapper, format_secret, open_session

        with _bus(self.address), closing(secretstorage.dbus_init()) as connection:
            password = format_secret(open_session(connection), self.password, "text/plain")
            service = DBusAddressWrapper("/org/freedesktop/secrets", _GNOME_INTERFACE, connection)
            collection = "/org/freedesktop/secrets/collection/login"
            service.call("UnlockWithMasterPassword", "o(oayays)", collection, password)

    @contextmanager
    def restarted(self) -> Iterator[None]:
        """Have the keyring daemon crash, and another one in its place that is unlocked the same way."""
        assert self.keyring_pid
        os.kill(self.keyring_pid, signal.SIGKILL)
        with _keyring(self.environment, Path(self.environment["HOME"]), self.password):
            yield

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Hold the keyring daemon, so that it answers nothing."""
        assert self.keyring_pid
        os.kill(self.keyring_pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.keyring_pid, signal.SIGCONT)


def require_binaries() -> None:
    """Fail in CI, skip elsewhere, when Debian's packages are not installed."""
    absent = sorted(package for binary, package in _NEEDED.items() if not shutil.which(binary))
    if not absent:
        return
    advice = f"apt-get install {' '.join(absent)}"
    if os.environ.get("CI"):
        pytest.fail(f"CI must run these tests: {advice}")
    pytest.skip(f"needs a real keyring: {advice}")


@contextmanager
def session(*, keyring: bool = True, unlock: bool = True, silent_prompter: bool = False) -> Iterator[Session]:
    """Start a bus and, with `keyring`, an unlocked keyring; end both.

    Without `unlock` the keyring service runs, but nobody ever logged in: it has no default keyring.
    `silent_prompter`: a prompt finds a program that never answers, instead of none that can start.
    """
    require_binaries()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="keyguard-session-")))
        environment = _environment(home)
        services = ""
        if silent_prompter:
            (home / "services").mkdir()
            (home / "services" / "prompter.service").write_text(_SILENT_PROMPTER)
            services = f"<servicedir>{home / 'services'}</servicedir>"
        # No standard service folders: nothing may be started behind the test's back.
        (home / "bus.conf").write_text(
            f"<busconfig><type>session</type><listen>unix:path={home / 'bus'}</listen>{services}"
            '<policy context="default"><allow send_destination="*" eavesdrop="true"/>'
            '<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>'
        )
        bus = stack.enter_context(
            _process(
                ["dbus-daemon", f"--config-file={home / 'bus.conf'}", "--nofork", "--print-address=1"],
                environment,
                home,
            )
        )
        assert bus.stdout
        environment["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().decode().strip()
        password = secrets.token_hex(16).encode()
        pid = None
        if keyring:
            pid = stack.enter_context(_keyring(environment, home, password if unlock else None)).pid
        yield Session(environment, pid, password)


@contextmanager
def _keyring(
    environment: Mapping[str, str], home: Path, password: bytes | None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start the daemon; again if it aborts, which GNOME Keyring 42.1 now and then does by itself."""
    with ExitStack() as stack:
        for _ in range(_STARTS):
            daemon = stack.enter_context(_started(environment, home, password))
            why = _why_not_ready(environment["DBUS_SESSION_BUS_ADDRESS"], daemon, password is not None)
            if not why:
                yield daemon
                return
        pytest.fail(f"gnome-keyring did not start ({why}): {(home / 'stderr.txt').read_text()}")


@contextmanager
def _started(
    environment: Mapping[str, str], home: Path, password: bytes | None
) -> Iterator[subprocess.Popen[bytes]]:
    command = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
    with _process(command if password is None else [*command, "--unlock"], environment, home) as daemon:
        assert daemon.stdin
        daemon.stdin.write(password or b"")
        daemon.stdin.close()
        yield daemon


@contextmanager
def _process(
    command: list[str], environment: Mapping[str, str], home: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with (home / "stderr.txt").open("ab") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=home, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _why_not_ready(address: str, daemon: subprocess.Popen[bytes], unlocked: bool) -> str:
    """Wait on one connection, for many short ones make the daemon abort; say why if it does not come."""
    import secretstorage
    from jeepney.bus_messages import message_bus
    from jeepney.io.blocking import Proxy
    from secretstorage.exceptions import ItemNotFoundException, SecretStorageException

    deadline = time.monotonic() + _START_SECONDS
    why = "it did not take its name on the bus"
    with _bus(address), closing(secretstorage.dbus_init()) as connection:
        bus = Proxy(message_bus, connection)
        while daemon.poll() is None and time.monotonic() < deadline:
            if bus.NameHasOwner("org.freedesktop.secrets")[0]:
                try:
                    locked = secretstorage.Collection(connection).is_locked()
                    why = "its keyring is locked" if locked else ""
                except ItemNotFoundException:
                    why = "it has no keyring" if unlocked else ""
                except SecretStorageException as error:
                    why = str(error)
                if not why:
                    return ""
            time.sleep(0.02)
    return why if daemon.poll() is None else f"it ended with {daemon.returncode}"


def _environment(home: Path) -> dict[str, str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    for name in ("XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        folder = home / name.lower()
        folder.mkdir(mode=0o700)
        environment[name] = str(folder)
    return environment


@contextmanager
def _bus(address: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield
