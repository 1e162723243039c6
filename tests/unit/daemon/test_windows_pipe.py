"""The daemon's named pipe, as far as it calls nothing of Windows: those calls are fakes here."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
import threading
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

import pytest

from keyguard.core.errors import DaemonError
from keyguard.daemon import peers
from keyguard.daemon.listening_windows import Loop, descriptor, listen
from keyguard.daemon.peers_windows import Sight
from keyguard.daemon.settings import Settings
from keyguard.rpc import pipe as client_pipe
from keyguard.rpc import place
from keyguard.win32 import pipes as real_pipes
from keyguard.win32 import processes as real_processes
from keyguard.win32 import users as real_users

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ME, ANOTHER = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"
PATH = client_pipe.name_of("home", "f00d")


class FakePipes:
    """Instances by number; a client takes the oldest free one. Bytes go through socket pairs."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str, bool]] = []
        self.free: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.closed: list[int] = []
        self.ends: dict[int, socket.socket] = {}
        self.taken: dict[int, threading.Event] = {}
        self.chunk = 3

    # --- what the daemon calls

    def create(self, name: str, sddl: str, *, first: bool) -> int:
        if first and self.made:
            raise PermissionError(13, "Access is denied")
        self.made.append((name, sddl, first))
        self.taken[len(self.made)] = threading.Event()
        self.free.put(len(self.made))
        return len(self.made)

    # --- what a client calls

    def connect(self, name: str, timeout: float) -> int:
        if not self.made or name != self.made[0][0]:
            raise FileNotFoundError(2, "no such pipe", name)
        instance = self.free.get(timeout=60)
        ours, theirs = socket.socketpair()
        self.ends[instance], self.ends[-instance] = theirs, ours
        self.taken[instance].set()
        return -instance

    def read(self, pipe: int, size: int, timeout: float | None) -> bytes:
        return self.ends[pipe].recv(size)

    def write(self, pipe: int, data: bytes, timeout: float | None) -> int:
        return self.ends[pipe].send(data[: self.chunk])

    def close(self, handle: int) -> None:
        if handle in self.taken:
            self.taken[handle].set()
        self.closed.append(handle)
        if handle in self.ends:
            self.ends.pop(handle).close()

    # --- what the event loop does

    def wrapped(self, handle: int) -> Any:
        pipes = self

        class Handle:
            def fileno(self) -> int:
                return handle

            def close(self) -> None:
                pipes.close(handle)

        return Handle()

    async def accept(self, pipe: Any) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self.taken[pipe.fileno()].wait, 60)
        if pipe.fileno() not in self.ends:
            raise BrokenPipeError

    def transport(self, pipe: Any, protocol: asyncio.BaseProtocol) -> Any:
        async def begin() -> None:
            loop = asyncio.get_running_loop()
            end = self.ends.pop(pipe.fileno())
            await loop.connect_accepted_socket(lambda: protocol, end)

        self.beginning = asyncio.get_running_loop().create_task(begin())


class FakeUsers:
    def __init__(self, owner: str = ME) -> None:
        self._owner = owner

    def own(self) -> str:
        return ME

    def owner(self, pipe: int) -> str:
        return self._owner


class Echo(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


def served(pipes: FakePipes, work: Callable[[], Any]) -> Any:
    async def whole() -> Any:
        loop = Loop(pipes.wrapped, pipes.accept, pipes.transport)
        listening = listen("home", "f00d", Settings(), pipes, FakeUsers(), loop)
        await listening.serve(Echo)
        try:
            return await asyncio.to_thread(work)
        finally:
            listening.close()

    return asyncio.run(whole())


def test_the_access_list_names_this_user_as_owner_and_nobody_else() -> None:
    text = descriptor(ME)
    assert text.startswith(f"O:{ME}D:P(")
    assert text.count("(A;") == 1
    assert f"(A;;GA;;;{ME})" in text
    assert "(ML;;NRNW;;;ME)" in text


def test_the_name_is_a_pipe_of_this_machine_new_at_each_start() -> None:
    assert str(PureWindowsPath(str(PATH))) == r"\\.\pipe\keyguard-home-f00d"
    assert client_pipe.name_of("home", "beef") != PATH


def test_a_client_speaks_with_the_daemon_in_pieces() -> None:
    pipes = FakePipes()

    def talk() -> bytes:
        end = client_pipe.connect(PATH, 5.0, pipes, FakeUsers())
        end.sendall(b"one message\n")
        told = b""
        while not told.endswith(b"\n"):
            told += end.recv(64)
        end.close()
        end.close()
        return told

    assert served(pipes, talk) == b"one message\n"
    assert [first for _, _, first in pipes.made][:2] == [True, False]
    assert {sddl for _, sddl, _ in pipes.made} == {descriptor(ME)}


def test_there_is_an_instance_for_the_next_client() -> None:
    pipes = FakePipes()

    def twice() -> list[bytes]:
        ends = []
        for number in range(2):
            ends.append(client_pipe.connect(PATH, 5.0, pipes, FakeUsers()))
            ends[-1].sendall(b"%d" % number)
        told = [end.recv(64) for end in ends]
        for end in ends:
            end.close()
        return told

    assert served(pipes, twice) == [b"0", b"1"]


def test_a_name_that_is_taken_stops_the_daemon() -> None:
    pipes = FakePipes()
    pipes.made.append(("another's", "", True))
    with pytest.raises(DaemonError, match="access is denied") as refused:
        listen("home", "f00d", Settings(), pipes, FakeUsers())
    assert refused.value.code == "daemon.socket"


def test_there_is_no_daemon_for_a_group() -> None:
    with pytest.raises(DaemonError, match="own user only"):
        listen("home", "f00d", Settings(group="traders"), FakePipes(), FakeUsers())


def test_a_pipe_nobody_was_served_on_is_given_up() -> None:
    pipes = FakePipes()
    listen("home", "f00d", Settings(), pipes, FakeUsers()).close()
    assert pipes.closed == [1]


def test_a_pipe_that_another_user_made_is_told_nothing() -> None:
    pipes = FakePipes()
    pipes.create(str(PATH), "", first=True)
    with pytest.raises(DaemonError) as refused:
        client_pipe.connect(PATH, 5.0, pipes, FakeUsers(owner=ANOTHER))
    assert refused.value.code == "daemon.other_user"
    assert pipes.closed == [-1]
    assert pipes.ends[1].recv(1) == b""
    pipes.ends[1].close()


def test_a_closed_pipe_says_so() -> None:
    end = client_pipe.Pipe(1, FakePipes())
    assert end.detach() == 1
    with pytest.raises(BrokenPipeError):
        end.recv(1)


def test_on_windows_a_client_opens_the_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    asked: list[Path] = []

    def connect(path: Path, timeout: float) -> Any:
        asked.append(path)
        raise FileNotFoundError

    monkeypatch.setattr(client_pipe, "connect", connect)
    with pytest.raises(DaemonError) as refused:
        place.connect(PATH, 1.0)
    assert (asked, refused.value.code) == ([PATH], "daemon.not_running")


class FakeProcesses:
    """One process, 4711."""

    def __init__(self, executable: str, user: str = ME) -> None:
        self._executable, self._user = executable, user
        self.gone = False

    @contextlib.contextmanager
    def opened(self, pid: int) -> Iterator[int]:
        if pid != 4711:
            raise OSError(87, "The parameter is incorrect")
        yield 99

    def ended(self, process: int) -> bool:
        return self.gone

    def started(self, process: int) -> str:
        return "133000000000000000"

    def user(self, process: int) -> str:
        return self._user

    def executable(self, process: int) -> str:
        return self._executable


def sight(processes: FakeProcesses, pid: int = 4711) -> Sight:
    return Sight(processes, lambda _: pid, lambda: ME)


def test_the_peer_is_who_opened_the_pipe(tmp_path: Path) -> None:
    program = tmp_path / "bot.exe"
    program.write_bytes(b"FAKE")
    processes = FakeProcesses(str(program))
    seen = sight(processes)
    peer = seen.identify(FakePipes().wrapped(7))
    assert (peer.pid, peer.started, peer.pidfd) == (4711, "133000000000000000", -1)
    facts = seen.facts(peer)
    assert (facts.seen, facts.executable, len(facts.sha256)) == (True, str(program), 64)
    assert facts.image == seen.image(peer)
    assert seen.again(4711, peer.started) == peer
    assert seen.again(4711, "1") is None
    processes.gone = True
    assert seen.again(4711, peer.started) is None
    with pytest.raises(DaemonError, match="has ended"):
        seen.facts(peer)


def test_a_process_of_another_user_or_none_is_refused() -> None:
    handle = FakePipes().wrapped(7)
    with pytest.raises(DaemonError) as refused:
        sight(FakeProcesses("x", user=ANOTHER)).identify(handle)
    assert refused.value.code == "daemon.other_user"
    with pytest.raises(DaemonError, match="has ended"):
        sight(FakeProcesses("x"), pid=1).identify(handle)
    with pytest.raises(DaemonError, match="child"):
        sight(FakeProcesses("x")).child(peers.Peer(4711, 0, 0, "1"), 5)


def test_windows_has_eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    assert peers.eyes().identify.__qualname__ == "Sight.identify"


@pytest.mark.parametrize(
    "call", [real_users.own, lambda: real_pipes.client_pid(1), lambda: real_processes.start_time(1)]
)
def test_elsewhere_the_calls_say_that_they_are_windows_own(call: Callable[[], Any]) -> None:
    with pytest.raises(NotImplementedError, match="Windows"):
        call()
