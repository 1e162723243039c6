"""What a folder may hold beside honest files: each is handled, and said."""

from __future__ import annotations

import errno
import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from keyguard.scanner.selection import Selection
from keyguard.scanner.sources import Note, Piece, Unread, files, tree
from tests.cli.test_scan import found, scan
from tests.unit.scanner.leaks import bybit, env

BYBIT = env("bybit", *bybit())
SOURCE = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_huge_file_is_said_within_bounded_memory(here: Path) -> None:
    with (here / "huge.bin").open("wb") as sparse:
        sparse.truncate(5_000_000_000)
    (here / "small.env").write_text(BYBIT)
    done = subprocess.run(
        [sys.executable, "-m", "keyguard", "scan"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), *sys.path])},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000)),
    )
    assert done.returncode == 1, done.stderr
    assert "small.env" in done.stdout
    assert "not read: huge.bin: larger than 10.0 MB" in done.stderr


def test_pipes_sockets_and_devices_are_counted(here: Path) -> None:
    os.mkfifo(here / "pipe")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(here / "s"))
    listening.close()
    status, _, err = scan()
    assert status == 0
    assert "2 pipes, sockets or devices were passed over" in err


@pytest.mark.parametrize("name", ["pipe", "/dev/zero", "/dev/null"])
def test_one_that_was_named_is_not_read_and_that_is_said(here: Path, name: str) -> None:
    os.mkfifo(here / "pipe")
    status, _, err = scan(name)
    assert status == 3
    assert "not a regular file" in err


def test_files_the_kernel_makes_up(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc")
    status, _, err = scan("/proc/self/status")
    assert (status, "changed" in err) == (0, False)
    assert scan("/proc/self/mem")[0] == 3  # nothing is mapped at its beginning

    def silent(_descriptor: int, _size: int) -> bytes:
        """Like /proc/kmsg with nothing in it, which only root may open."""
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    (here / "kmsg").write_text("x")
    monkeypatch.setattr(files.os, "read", silent)
    status, _, err = scan("kmsg")
    assert (status, "temporarily unavailable" in err) == (3, True)


def test_circles_of_links(here: Path) -> None:
    (here / "a").symlink_to("b")
    (here / "b").symlink_to("a")
    (here / "sub").mkdir()
    (here / "sub" / "up").symlink_to("..")
    (here / "sub" / ".env").write_text(BYBIT)
    (finding,) = found()
    assert finding["seen"] == []


def test_a_file_that_changes_while_it_is_read(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def grows(path: Path, limit: int) -> bytes | None:
        data = files.read_regular(path, limit)
        with path.open("ab") as file:
            file.write(b"more\n")
        return data

    (here / "log").write_text("a line\n")
    monkeypatch.setattr(tree, "read_regular", grows)
    note, piece = tree.folder_pieces(here, "", Selection())
    assert isinstance(note, Note)
    assert "log changed while it was read" in note.text
    assert isinstance(piece, Piece)


def test_what_vanishes_is_said(here: Path) -> None:
    for name in "abc":
        (here / name).write_text(name)
    (here / "folder").mkdir()
    supplies = []
    for supply in tree.folder_pieces(here, "", Selection()):
        supplies.append(supply)
        (here / "b").unlink(missing_ok=True)
        if (here / "folder").exists():
            (here / "folder").rmdir()
    unread = {s.path: s.reason for s in supplies if isinstance(s, Unread)}
    assert unread["b"] == tree.VANISHED
    assert "folder/" in unread
    assert [s.path for s in supplies if isinstance(s, Piece)] == ["a", "c"]


def test_a_file_that_becomes_a_link_is_not_followed(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between listing and opening, a file becomes a link out of the tree: it is not followed."""
    (here / "x").write_text("x")
    real = files.read_regular

    def swapped(path: Path, limit: int) -> bytes | None:
        path.unlink()
        path.symlink_to("/etc/passwd")
        return real(path, limit)

    monkeypatch.setattr(tree, "read_regular", swapped)
    (unread,) = tree.folder_pieces(here, "", Selection())
    assert isinstance(unread, Unread)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_folder_is_said(here: Path) -> None:
    (here / "locked").mkdir(mode=0)
    status, _, err = scan()
    assert (status, "not read: locked/: permission denied" in err) == (3, True)


def test_a_path_longer_than_the_system_allows_is_said(here: Path) -> None:
    for _ in range(20):
        os.mkdir("d" * 255)
        os.chdir("d" * 255)
    Path(".env").write_text(BYBIT)
    os.chdir(here)
    status, _, err = scan()
    assert (status, "file name too long" in err) == (3, True)
