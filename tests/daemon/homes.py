"""Homes with keys but no venue, and real daemons of them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyguard import wiring
from keyguard.client import Client
from keyguard.core.exchange import Credential
from keyguard.core.keys import Environment, Key, KeyKind, KeyVersion, Scope, VersionStatus
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.home import Config, Home
from keyguard.rpc import place
from keyguard.rpc.client import Connection
from keyguard.stores.vault_file import create_vault
from keyguard.workflows import credentials, identity
from tests.cli.nursery import shared_nursery
from tests.fakes.person import FakePerson
from tests.stores.vaults import CHEAP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyguard.ports.all import Ports

ROOT = Path(__file__).parents[2]
TIME_LIMIT_S = 60
PASSPHRASE = "a FAKE passphrase, long enough"


def secret_of(number: int) -> str:
    """The secret of the version `number` of a key in these homes, which nothing but it may hold."""
    return f"FAKEsecret{number:04d}" + "x" * 26


@dataclass
class DaemonHome:
    """A home with a file store that is cheap to open, and `keys` keys `bybit/mm/bot0` and so on, of which
    the first `stored` have a secret. `beside`: another host's home on the same database instead."""

    folder: Path
    keys: int = 2
    stored: int = 2
    settings: dict[str, int | str] = field(default_factory=dict)
    id: str = "0f" * 16
    database: str = ""
    beside: Home | None = None
    before: list[str] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.home = Home(self.folder / "home")
        if self.home.path.exists():  # made by an earlier run, for a benchmark
            return
        self.passphrase_file.write_text(PASSPHRASE)
        self.passphrase_file.chmod(0o600)
        if self.beside is not None:
            shutil.copytree(self.beside.path, self.home.path)
            return
        create_vault(self._made().vault_file, Secret(PASSPHRASE), SystemClock(), cost=CHEAP)
        config = Config(id=self.id, store="file", database=self.database, daemon=self.settings)
        wiring.create(self.home, config, lambda: Secret(PASSPHRASE))
        with self.opened() as ports, ports.inventory.transaction():
            for number in range(self.keys):
                _add_key(ports, number, stored=number < self.stored)

    def _made(self) -> Home:
        self.home.path.mkdir(mode=0o700)
        return self.home

    @property
    def passphrase_file(self) -> Path:
        return self.folder / "passphrase"

    @contextlib.contextmanager
    def opened(self) -> Iterator[Ports]:
        """The home in this process, beside the daemon."""
        with wiring.opened(self.home, lambda: Secret(PASSPHRASE), FakePerson()) as ports:
            yield ports

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        path = os.pathsep.join([str(ROOT), str(ROOT / "adapters")])
        return {**kept, "PYTHONPATH": path, "KEYGUARD_HOME": str(self.home.path), **more}

    def command(self, *words: str) -> list[str]:
        return [*self.before, sys.executable, "-P", "-m", "keyguard", *words]

    def keyguard(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        if not self.before:
            nursery = shared_nursery(patient=True)
            child = nursery.start(words, Path.cwd(), self.environment(**more))
            out, err = child.communicate(timeout=TIME_LIMIT_S)
            return subprocess.CompletedProcess(words, child.wait(), out, err)
        return subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            env=self.environment(**more),
            timeout=TIME_LIMIT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def start(self, *, locked: bool = False, **more: str) -> subprocess.Popen[bytes]:
        """Start the daemon as a child of ours, `more` in its environment; returns when it serves."""
        words = [] if locked else ["--passphrase-file", str(self.passphrase_file)]
        return self._serving(
            subprocess.Popen(
                self.command("daemon", "run", *words),
                stderr=subprocess.PIPE,
                env=self.environment(**more),
                cwd=self.folder,
            )
        )

    def start_on(self, sock: socket.socket, **more: str) -> subprocess.Popen[bytes]:
        """Start it as systemd does: the socket is handle 3, LISTEN_PID the daemon's own pid."""
        shim = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid()); "
            "os.execv(sys.argv[2], sys.argv[2:])"
        )
        words = self.command("daemon", "run", "--passphrase-file", str(self.passphrase_file))
        process = subprocess.Popen(
            [sys.executable, "-c", shim, str(sock.fileno()), *words],
            env=self.environment(LISTEN_FDS="1", **more),
            pass_fds=[sock.fileno()],
            stderr=subprocess.PIPE,
        )
        return self._serving(process)

    def _serving(self, process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        self.processes.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        assert b"serves" in line, line + process.stderr.read()
        return process

    def client(self) -> Client:
        return Client(self.home.path)

    def connection(self) -> Connection:
        return Connection(self.socket)

    @property
    def socket(self) -> Path:
        return place.find(self.home.path)

    def records(self, type_: str) -> list[dict[str, Any]]:
        """The records of a type ("" for all), as they are on disk now."""
        with wiring.opened_log(self.home) as log:
            found = [json.loads(entry.record) for entry in log.entries()]
        return [record for record in found if type_ in ("", record["type"])]

    def verify(self) -> int:
        """The number of records of a log that is right."""
        with wiring.opened_log(self.home) as log:
            return log.verify().records

    def running_leases(self) -> int:
        with self.opened() as ports:
            return len(ports.inventory.running_leases())

    def rotate(self, number: int = 0) -> None:
        """Switch a key to another version, as the end of a rotation does, in this process."""
        with self.opened() as ports:
            key = ports.inventory.find_key(f"k{number}")
            old = ports.inventory.live_version(key.id)
            new = _version(ports, key, old.number + 1)
            credentials.store(ports, new, _credential(new))
            ports.inventory.add_version(new)
            ports.inventory.switch(key.id, new.id)

    def end(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(TIME_LIMIT_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            if process.stderr is not None:
                process.stderr.close()


def _add_key(ports: Ports, number: int, *, stored: bool) -> None:
    key = Key(
        id=f"k{number}",
        venue="bybit",
        desk="mm",
        label=f"bot{number}",
        kind=KeyKind.HMAC,
        environment=Environment.LIVE,
        owner="kim",
        account="A1",
        purpose="quote",
        needs=Scope.READ,
    )
    version = _version(ports, key, 1)
    if stored:  # each write replaces the whole vault: thousands would take minutes
        credentials.store(ports, version, _credential(version))
    ports.inventory.add_key(key, version)


def _version(ports: Ports, key: Key, number: int) -> KeyVersion:
    public_id = f"FAKEid{key.id}v{number}"
    return KeyVersion(
        id=f"{key.id}v{number}",
        key_id=key.id,
        number=number,
        public_id=public_id,
        fingerprint=identity.names(ports, key.venue).key(public_id),
        status=VersionStatus.LIVE if number == 1 else VersionStatus.STAGED,
        created_at=ports.clock.now(),
    )


def _credential(version: KeyVersion) -> Credential:
    return Credential(version.public_id, Secret(secret_of(version.number)))
