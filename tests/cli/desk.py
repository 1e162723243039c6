"""A desk with simulated venues and a home of its own, at which real `keyguard` processes are started."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyguard import wiring
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.home import Home
from keyguard.stores.vault_file import create_vault
from keyguard.workflows import credentials
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running, running
from keyguard_simulators.venue import KeyForm, Venue
from keyguard_simulators.wire import Answer, Call
from tests.cli.nursery import Child, Nursery, shared_nursery
from tests.fakes.person import FakePerson
from tests.stores.vaults import CHEAP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Process = subprocess.Popen[str] | Child
ROOT = Path(__file__).parents[2]
HERE = "127.0.0.1"
TIME_LIMIT_S = 60
OURS = ("PYTHON", "KEYGUARD_", "BYBIT_", "UPBIT_", "DERIBIT_", "GIT_", "XDG_", "DBUS_", "CREDENTIALS_")


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    words: tuple[str, ...]
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def errors(self) -> list[str]:
        """What it said of its failure; progress told before is left out."""
        lines = self.err.splitlines()
        first = next((i for i, line in enumerate(lines) if line.startswith("keyguard: error: ")), len(lines))
        return lines[first:]


@dataclass
class Desk:
    """`session`: variables of a keyring's session. `before`: what starts Python, if not the shell.

    Commands are forks of a process that has keyguard loaded; `impatient`: they wait a hundredth of the time;
    `real`: they are started as a user starts them.
    """

    folder: Path
    venues: Running
    session: Mapping[str, str] = field(default_factory=dict)
    impatient: bool = False
    real: bool = False
    before: Sequence[str] = ()
    home: Path = field(init=False)
    nursery: Nursery | None = field(default=None, repr=False)
    passphrase: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def __post_init__(self) -> None:
        self.home = self.folder / "home"
        for name in ("person", "tmp", "work"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        write_private(self.passphrase_file, self.passphrase)

    @property
    def passphrase_file(self) -> Path:
        return self.folder / "passphrase"

    @property
    def work(self) -> Path:
        """Where commands are typed."""
        return self.folder / "work"

    def environment(self, **changes: str) -> dict[str, str]:
        """The caller's, without what would make a command depend on the caller."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        own = {
            "HOME": str(self.folder / "person"),
            "TMPDIR": str(self.folder / "tmp"),
            "KEYGUARD_HOME": str(self.home),
            "KEYGUARD_PASSPHRASE_FILE": str(self.passphrase_file),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "adapters")]),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "NO_COLOR": "1",
        }
        return kept | own | dict(self.session) | changes

    def start(self, *words: str, environment: Mapping[str, str] | None = None) -> Process:
        """Start a command; its three streams are pipes."""
        complete = self.environment(**(environment or {}))
        if not self.real:
            return self._nursery().start(words, self.work, complete)
        return subprocess.Popen(
            [*self.before, sys.executable, "-m", "keyguard", *words],
            cwd=self.work,
            env=complete,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def hurried(self) -> Desk:
        """The same desk, for commands that wait for others: impatient ones."""
        return replace(self, impatient=True)

    def _nursery(self) -> Nursery:
        if not self.before:
            return shared_nursery(patient=not self.impatient)
        if self.nursery is None:
            self.nursery = Nursery(self.environment(), self.before, patient=not self.impatient)
        return self.nursery

    def close(self) -> None:
        """End the nursery, where it has one of its own."""
        if self.nursery is not None:
            self.nursery.close()

    def keyguard(
        self,
        *words: str,
        sent: str = "",
        expect: int = 0,
        environment: Mapping[str, str] | None = None,
    ) -> Done:
        """Run a command to its end and expect its exit status."""
        process = self.start(*words, environment=environment)
        out, err = process.communicate(sent, timeout=TIME_LIMIT_S)
        done = Done(words, process.returncode, out, err)
        assert done.status == expect, done
        return done

    def init(self, store: str = "file", *words: str, cheap: bool = True) -> Done:
        """Make the home, on the simulated venues. `cheap`: its vault is there already and quick to open."""
        if store == "file" and cheap:
            self.home.mkdir(mode=0o700, exist_ok=True)
            create_vault(self.home / "vault.kgv", Secret(self.passphrase), SystemClock(), cost=CHEAP)
        simulators = [w for venue, url in self.venues.urls.items() for w in ("--simulator", f"{venue}={url}")]
        return self.keyguard("init", "--store", store, *simulators, *words)

    def add(self, name: str, key: Key, *words: str, expect: int = 0) -> Done:
        """Add a key the venue has issued, as `venue/desk/label`."""
        venue, desk, label = name.split("/")
        sent = json.dumps({"key": key.public_id, "secret": key.secret})
        options = ("--desk", desk, "--label", label, "--stdin", *words)
        return self.keyguard("key", "add", venue, *options, sent=sent, expect=expect)

    def unfinished(self) -> list[str]:
        """The ids of workflows that did not come to their end."""
        with self.opened() as ports:
            return [workflow.id for workflow in ports.journal.workflows(unfinished=True)]

    def statuses(self, name: str) -> list[str]:
        """What the inventory says of a key's versions, oldest first."""
        with self.opened() as ports:
            versions = ports.inventory.versions(ports.inventory.find_key(name).id)
            return [version.status.value for version in versions]

    def stored(self, name: str) -> tuple[str, str]:
        """Access key id and secret of a key's live version, as the store has them."""
        with self.opened() as ports:
            version = ports.inventory.live_version(ports.inventory.find_key(name).id)
            credential = credentials.load(ports, version)
            return credential.key, credential.secret.reveal()

    @contextlib.contextmanager
    def opened(self) -> Iterator[Any]:
        """The home's ports, in this process. Only for a file store."""
        with wiring.opened(Home(self.home), lambda: Secret(self.passphrase), FakePerson()) as ports:
            yield ports


@contextlib.contextmanager
def desk(folder: Path, **settings: Any) -> Iterator[Desk]:
    """Open a desk: venues are served until the block ends."""
    with running() as venues:
        opened = Desk(folder, venues, **settings)
        try:
            yield opened
        finally:
            opened.close()


def write_private(path: Path, text: str) -> Path:
    """Write a file only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def bybit_keys(venue: Venue) -> tuple[Key, Key]:
    """A bot's key on a sub-account, and the key of the master account that manages it."""
    master = venue.open_account("desk", "")
    trader = venue.open_account("bot", master.id)
    permissions = {"ContractTrade": ["Order", "Position"]}
    manages = {"Wallet": ["AccountTransfer", "SubMemberTransfer"]}
    return (
        venue.issue(KeyForm(trader.id, permissions, (), "bot")),
        venue.issue(KeyForm(master.id, manages, (HERE,), "manager")),
    )


def deribit_keys(venue: Venue) -> tuple[Key, Key]:
    """A bot's key and the key of the same account that manages it."""
    account = venue.open_account("desk", "").id
    return (
        venue.issue(KeyForm(account, "account:read trade:read_write wallet:read", (), "hedge")),
        venue.issue(KeyForm(account, "account:read_write trade:read_write wallet:read", (HERE,), "manager")),
    )


def upbit_key(venue: Venue) -> Key:
    """A key of Upbit, where keys are managed on the web page alone."""
    account = venue.open_account("desk", "").id
    grants = ["view_account", "view_orders", "make_orders"]
    return venue.issue(KeyForm(account, grants, (HERE,), age_days=340))


def kill(process: Process) -> None:
    """`kill -9`; a process that ended already is fine."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def answering(venue: Venue, answer: Callable[[Call, Callable[[Call], Answer]], Answer]) -> Iterator[None]:
    """Have calls answered by `answer(call, the venue's own answer function)` inside the block."""
    own = venue.answer
    venue.answer = lambda call: answer(call, own)  # type: ignore[method-assign]
    try:
        yield
    finally:
        venue.answer = own  # type: ignore[method-assign]
