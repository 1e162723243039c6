"""What the kernel says of a peer: this process, its children, and those that are gone."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from keyguard.core.errors import DaemonError
from keyguard.processes import start_time

if sys.platform != "linux":
    pytest.skip("the kernel asked is Linux", allow_module_level=True)

from keyguard.daemon import peers_linux
from keyguard.daemon.peers import eyes


@pytest.fixture
def accepted(tmp_path):
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as ours:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        ours.connect(str(tmp_path / "s"))
        theirs, _ = listening.accept()
        with theirs:
            yield theirs


@pytest.fixture(params=["of the socket", "by pid"])
def peer(request, accepted, monkeypatch):
    if request.param == "by pid":  # as before Linux 6.5
        monkeypatch.setattr(peers_linux, "SO_PEERPIDFD", 9999)
    found = peers_linux.identify(accepted)
    yield found
    os.close(found.pidfd)


@pytest.fixture
def child():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_peer_is_who_connected(peer):
    assert (peer.pid, peer.uid, peer.gid) == (os.getpid(), os.geteuid(), os.getegid())
    assert peer.started == start_time(os.getpid())
    assert not peers_linux.ended(peer.pidfd)
    assert eyes() is peers_linux.EYES


def test_facts_are_the_executables_and_the_parents(peer):
    facts = peers_linux.facts(peer)
    executable = Path("/proc/self/exe").resolve()
    assert (facts.executable, facts.command, facts.seen) == (str(executable), executable.name, True)
    assert facts.sha256 == hashlib.sha256(executable.read_bytes()).hexdigest()
    assert facts.parents[0].endswith(f" {os.getppid()}")
    assert facts.image == peers_linux.executable_image(peer) != (0, 0)
    assert facts.private()["executable_sha256"] == facts.sha256
    assert all(facts.private().values())


def test_a_child_is_told_from_any_other_process(peer, child):
    found = peers_linux.child(peer, child.pid)
    assert (found.pid, found.started) == (child.pid, start_time(child.pid))
    for pid in (1, os.getpid(), os.getppid(), 2**22 + 1, 2**40):
        with pytest.raises(DaemonError):
            peers_linux.child(peer, pid)
    child.kill()
    child.wait()
    assert peers_linux.ended(found.pidfd)
    with pytest.raises(DaemonError):
        peers_linux.facts(found)
    with pytest.raises(DaemonError):
        peers_linux.child(peer, child.pid)
    os.close(found.pidfd)


def test_the_process_of_an_earlier_lease_is_found_by_pid_and_start(child):
    started = start_time(child.pid)
    found = peers_linux.again(child.pid, started)
    assert found is not None
    os.close(found.pidfd)
    assert peers_linux.again(child.pid, "1") is None  # the pid is another process's
    assert peers_linux.again(child.pid, "") is None
    child.kill()
    child.wait()
    assert peers_linux.again(child.pid, started) is None


def test_what_is_too_large_has_no_digest(peer, monkeypatch):
    monkeypatch.setattr("keyguard.daemon.executables.LARGEST", 10)
    monkeypatch.setattr("keyguard.daemon.executables._known", {})
    assert peers_linux.facts(peer).sha256 == ""
