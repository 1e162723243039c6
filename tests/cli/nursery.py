"""Starts `keyguard` commands without the third of a second Python takes to import it.

Run as a program it imports keyguard once and forks for each command: a real process, with its own streams,
folder and environment, that can be killed like any other. Unless it is patient its waits take a hundredth of
their time.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from keyguard.rpc.place import short_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


ROOT = Path(__file__).parents[2]
_LOADED = (
    "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.hazmat.primitives.kdf.argon2",
    "hyperscan",
    "keyguard.gateway.http",
    "keyguard.gateway.venues",
    "keyguard.stores.audit",
    "keyguard.stores.inventory",
    "keyguard.stores.journal",
    "keyguard.stores.nonces",
    "keyguard.stores.os_keyring",
    "keyguard.stores.vault_file",
    "keyguard.wiring",
    "keyguard_adapters.bybit",
    "keyguard_adapters.deribit",
    "keyguard_adapters.upbit",
    "secretstorage",
)


class Nursery:
    """The program, running. `environment`: its own, not that of the commands. `before`: what starts Python,
    if not the shell. `patient`: its commands wait as long as a user's."""

    def __init__(
        self, environment: Mapping[str, str], before: Sequence[str] = (), *, patient: bool = False
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="nursery-")
        self._path = Path(self._folder.name, "socket")
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with short_path(self._path) as name:  # pytest's folders can be longer than a socket's name may be
            self._listener.bind(name)
        self._listener.listen()
        self._process = subprocess.Popen(
            [
                *(*before, sys.executable, "-m", "tests.cli.nursery", str(self._listener.fileno())),
                *(["patient"] if patient else []),
            ],
            env=dict(environment),
            pass_fds=[self._listener.fileno()],
        )

    def start(self, words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Child:
        """Start one command."""
        return Child(self._path, {"words": words, "folder": str(folder), "environment": dict(environment)})

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.close()
        self._folder.cleanup()


@functools.cache
def shared_nursery(*, patient: bool) -> Nursery:
    """The one for all tests of this process: what is imported is the same for all of them."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "adapters")])
    nursery = Nursery(os.environ | {"PYTHONPATH": path}, patient=patient)
    atexit.register(nursery.close)
    return nursery


class Child:
    """One command; what the tests need of `subprocess.Popen`."""

    def __init__(self, nursery: Path, order: dict[str, Any]) -> None:
        pipes = [os.pipe() for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with short_path(nursery) as name:
            self._line.connect(name)
        socket.send_fds(self._line, [json.dumps(order).encode()], theirs)
        self.pid = int(self._line.recv(32))
        for handle in theirs:
            os.close(handle)
        self.stdin = os.fdopen(pipes[0][1], "w", encoding="utf-8")
        self.stdout = os.fdopen(pipes[1][0], encoding="utf-8")
        self.stderr = os.fdopen(pipes[2][0], encoding="utf-8")
        self.returncode: int | None = None
        self._waiting = threading.Lock()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; TimeoutError when it takes longer."""
        with self._waiting:
            if self.returncode is None:
                self._line.settimeout(timeout)
                self.returncode = os.waitstatus_to_exitcode(int(self._line.recv(32)))
                self._line.close()
            return self.returncode

    def communicate(self, sent: str = "", timeout: float | None = None) -> tuple[str, str]:
        """Write its input, read its output, wait."""
        with self.stdin, self.stdout, self.stderr, ThreadPoolExecutor(2) as readers:
            streams = [readers.submit(stream.read) for stream in (self.stdout, self.stderr)]
            with contextlib.suppress(BrokenPipeError):  # it wants no input
                self.stdin.write(sent)
                self.stdin.close()
            out, err = (stream.result() for stream in streams)
        self.wait(timeout)
        return out, err


def _serve(listener: socket.socket) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        line, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _tend(line)
        line.close()


def _tend(line: socket.socket) -> NoReturn:
    """Start the command as a child of ours, tell its pid, wait, tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    told, handles, _, _ = socket.recv_fds(line, 1 << 20, 3)
    pid = os.fork()
    if pid == 0:
        line.close()
        _run(json.loads(told), handles)
    for handle in handles:
        os.close(handle)
    line.send(str(pid).encode())
    _, status = os.waitpid(pid, 0)
    line.send(str(status).encode())
    os._exit(0)


def _run(order: dict[str, Any], handles: list[int]) -> NoReturn:
    from keyguard.cli.main import main

    for number, handle in enumerate(handles):
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin, sys.stdout = os.fdopen(0, encoding="utf-8"), os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    status = 70
    try:
        status = main(order["words"])
        sys.stdout.flush()
        sys.stderr.flush()
    except SystemExit:
        status = 2  # not a way any command of ours ends
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _load(*, patient: bool) -> None:
    """Import what commands import, and unless they are patient make waiting quick."""
    from keyguard.cli import following
    from keyguard.cli.catalogue import COMMANDS
    from keyguard.cli.frame import load
    from keyguard.gateway.clock import SystemClock

    for module in _LOADED:
        import_module(module)
    for name in COMMANDS:
        load(name)
    if patient:
        return
    following.GRACE_S = following.GRACE_S / 100
    SystemClock.sleep = lambda _, seconds: time.sleep(seconds / 100)  # type: ignore[method-assign]


if __name__ == "__main__":
    _load(patient="patient" in sys.argv)
    _serve(socket.socket(fileno=int(sys.argv[1])))
