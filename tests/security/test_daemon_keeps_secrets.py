"""Promise 1 for the daemon: what it hands out is in its memory, in the process it was handed to, in the store
(encrypted), and nowhere else.

A few hand-outs here, KEYGUARD_TEST_HANDOUTS=10000 by `make promise-1`. Not looked into: swap (see the last
test), and memory that only root can read.
"""

from __future__ import annotations

import contextlib
import os
import resource
import secrets
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keyguard.core.errors import KeyguardError
from keyguard.core.exchange import Credential
from keyguard.core.secret import Secret
from keyguard.workflows import credentials
from tests.daemon.homes import PASSPHRASE, TIME_LIMIT_S, DaemonHome
from tests.daemon.test_hostile import without_powers
from tests.security.exposures import Exposures, Processes

if TYPE_CHECKING:
    from collections.abc import Iterator

HANDOUTS = int(os.environ.get("KEYGUARD_TEST_HANDOUTS", "40"))

BOT = """
import asyncio, sys
from keyguard.client.aio import AsyncClient
async def main():
    async with AsyncClient() as keys:
        async def some(number):
            for _ in range(int(sys.argv[1]) // 8):
                key = await keys.get(f"bot{number % 2}", purpose="quote", fresh=True)
                assert len(key.secret) and len(key.passphrase)
                await keys.end(key)
        await asyncio.gather(*(some(number) for number in range(8)))
        keys.held = await keys.get("bot0")
        print("done", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
asyncio.run(main())
"""
READ_ALL = """
import os, sys
for folder, folders, names in os.walk(f"/proc/{sys.argv[1]}", onerror=lambda error: None):
    for name in (*names, *folders):
        path = os.path.join(folder, name)
        sys.stdout.buffer.write(path.encode() + b"\\n")
        try:
            sys.stdout.buffer.write(os.readlink(path).encode(errors="surrogateescape"))
        except OSError:
            pass
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            for _ in range(64):
                if not (chunk := os.read(handle, 1 << 20)):
                    break
                sys.stdout.buffer.write(chunk)
        except OSError:
            pass
        finally:
            os.close(handle)
try:
    maps = open(f"/proc/{sys.argv[1]}/maps").readlines()
    memory = os.open(f"/proc/{sys.argv[1]}/mem", os.O_RDONLY)
except OSError:
    sys.exit()
for line in maps:
    begin, end = (int(text, 16) for text in line.split()[0].split("-"))
    try:
        sys.stdout.buffer.write(os.pread(memory, end - begin, begin))
    except (OSError, OverflowError):
        pass
"""
"""All that another process can read of this one by the paths the kernel offers; its memory too if it can."""
ATTACH = """
import ctypes, sys
libc, pid = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
room = ctypes.create_string_buffer(64)
ours, theirs = Vector(ctypes.addressof(room), 64), Vector(int(sys.argv[2], 16), 64)
print("attached" if libc.ptrace(16, pid, None, None) == 0 else "refused")
read = libc.process_vm_readv(pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)
print("read" if read > 0 else "refused")
"""


@dataclass
class Watched:
    """A home whose keys have marked secrets, and all that was seen of it."""

    home: DaemonHome
    folder: Path
    exposures: Exposures = field(default_factory=Exposures)
    marked: set[str] = field(default_factory=set)

    def mark(self) -> Secret:
        value = "FAKE" + secrets.token_hex(16)
        self.marked.add(value)
        return Secret(value)

    def start(self) -> subprocess.Popen[bytes]:
        return self.home.start(XDG_RUNTIME_DIR=str(self.folder), TMPDIR=str(self.folder))

    def type(self, *words: str) -> None:
        """A command of the firm, with all it shows."""
        done = self.home.keyguard(*words, XDG_RUNTIME_DIR=str(self.folder), TMPDIR=str(self.folder))
        self.exposures.add(f"stdout of {words}", done.stdout)
        self.exposures.add(f"stderr of {words}", done.stderr)

    def look(self, pid: int) -> None:
        """The files, and the daemon as another process of its user sees it."""
        self.exposures.add_files(self.folder, {self.home.passphrase_file})
        self.exposures.add("/proc of the daemon", seen_of(pid))

    def leaks(self) -> list[str]:
        typed = [place for data, place in self.exposures.seen.items() if PASSPHRASE.encode() in data]
        return [*self.exposures.leaks(self.marked), *typed]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    home = DaemonHome(tmp_path, stored=0)
    home.before = without_powers()
    made = Watched(home, tmp_path)
    with home.opened() as ports:
        for number in range(2):
            version = ports.inventory.live_version(f"k{number}")
            credential = Credential(version.public_id, made.mark(), passphrase=made.mark())
            credentials.store(ports, version, credential)
    with Processes(made.exposures):
        yield made
    home.end()


def seen_of(pid: int) -> bytes:
    look = without_powers(sys.executable, "-c", READ_ALL, str(pid))
    return subprocess.run(look, capture_output=True, check=True, timeout=TIME_LIMIT_S).stdout


@pytest.mark.timeout(120 + HANDOUTS // 10)
def test_after_many_hand_outs_no_secret_is_anywhere_else(watched: Watched) -> None:
    home, daemon = watched.home, watched.start()
    words = [sys.executable, "-c", BOT, str(HANDOUTS)]
    with subprocess.Popen(
        words, env=home.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as bot:
        assert bot.stdout is not None
        assert bot.stdout.readline() == "done\n"
        watched.look(daemon.pid)  # while leases run and plaintext is kept
        assert len(home.records("handout")) == HANDOUTS // 8 * 8 + 1
        shows = "import os, sys; print(os.environ['BYBIT_API_SECRET']); print(open('/dev/fd/0').read())"
        watched.type("run", "bot0", "--", sys.executable, "-c", shows)
        watched.type("run", "bot0", "--give", "file", "--", "sh", "-c", 'cat "$BYBIT_API_SECRET_FILE"')
        watched.type("run", "nothing", "--", "true")
        watched.type("daemon", "status", "--json")
        watched.type("log", "show", "--json")
        with home.connection() as admin:
            for method, parameters in (
                ("store.unlock", {"passphrase": f"FAKE {watched.mark().reveal()}"}),
                ("handout.get", {"key": watched.mark().reveal()}),
                ("handout.get", {"key": "bot0", "lease_s": watched.mark().reveal()}),
            ):
                with contextlib.suppress(KeyguardError):
                    admin.call(method, **parameters)
            admin.call("store.lock")
        watched.look(daemon.pid)
        bot.communicate("end\n")
    daemon.terminate()
    daemon.wait(TIME_LIMIT_S)
    assert daemon.stderr is not None
    watched.exposures.add("stderr of the daemon", daemon.stderr.read())
    watched.exposures.add_files(watched.folder, {home.passphrase_file})
    places = list(watched.exposures.seen.values())
    for name in ("keyguard.db", "keyguard.db-wal", "daemon.log", "vault.kgv"):
        assert any(place.endswith(name) for place in places), name
    assert watched.leaks() == []


def test_the_search_would_find_it_where_it_may_be(watched: Watched) -> None:
    """The control: in the process it was handed to, which may be looked into."""
    watched.start()
    words = watched.home.command("run", "bot0", "--no-mask", "--", "sh", "-c", "echo $$; read line")
    with subprocess.Popen(
        words, env=watched.home.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        watched.exposures.add("/proc of the command", seen_of(int(run.stdout.readline())))
        run.communicate(b"end\n")
    assert any("/proc of the command" in leak for leak in watched.leaks())


def test_a_debugger_of_the_same_user_is_refused(watched: Watched) -> None:
    pid = watched.start().pid
    words = without_powers(sys.executable, "-c", ATTACH, str(pid), "400000")
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=TIME_LIMIT_S)
    assert done.stdout.split() == ["refused", "refused"]


def test_killed_by_a_fault_it_leaves_no_core(watched: Watched) -> None:
    """Where the system lets us, the limit is lifted first: not being dumpable stands by itself."""
    daemon = watched.start()
    with watched.home.client() as keys:
        keys.get("bot0")
    with contextlib.suppress(PermissionError):
        resource.prlimit(daemon.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    before = {path for path in watched.folder.rglob("*") if path.is_file()}
    daemon.send_signal(signal.SIGSEGV)
    _, status = os.waitpid(daemon.pid, 0)
    daemon.returncode = os.waitstatus_to_exitcode(status)
    assert daemon.returncode == -signal.SIGSEGV
    assert not os.WCOREDUMP(status)  # by the kernel's word, wherever it would have gone
    assert {path for path in watched.folder.rglob("*") if path.is_file()} <= before
    watched.exposures.add_files(watched.folder, {watched.home.passphrase_file})
    assert watched.leaks() == []


@pytest.mark.skipif(not Path("/proc/swaps").exists(), reason="Linux")
def test_nothing_of_it_is_in_swap(watched: Watched) -> None:
    """What was written to a swap device cannot be read here: that nothing was, the kernel says."""
    watched.home.before = []
    pid = watched.start().pid
    status = Path(f"/proc/{pid}/status").read_text()
    locked = next(line for line in status.splitlines() if line.startswith("VmLck:")).split()[1]
    if not int(locked):
        pytest.skip("this system lets no process lock its memory")
    assert "VmSwap:\t       0 kB" in status
