"""The files of a home in a backup: all come back as they were; a hostile stream puts none elsewhere."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING

import pytest

from keyguard.stores.backup_files import files_of, pieces, restore_files
from keyguard.stores.backup_format import CHUNK_BYTES, Reader
from keyguard.stores.backup_sections import demand_end
from tests.stores.test_backup_format import KEYS, written
from tests.stores.vaults import code_of

if TYPE_CHECKING:
    from pathlib import Path

END = b'{"kind": "end", "size": 0}\n'


def reader(*plain: bytes) -> Reader:
    return Reader(io.BytesIO(written(*plain)), KEYS)


def line(name: str, size: int = 1) -> bytes:
    return json.dumps({"kind": "file", "name": name, "size": size}).encode() + b"\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def full(tmp_path: Path) -> Path:
    folder = tmp_path / "full"
    (folder / "attestations" / "waiting").mkdir(parents=True)
    (folder / "incidents" / "in_0" / "log-0").mkdir(parents=True)
    (folder / "attestations" / "KGA-1.zip").write_bytes(bytes(range(256)) * 1000)
    (folder / "attestations" / "waiting" / "KGA-2.zip").write_bytes(b"")
    (folder / "incidents" / "in_0" / "log-0" / "records.jsonl").write_bytes(b"{}\n")
    (folder / "incidents" / "in_0" / "화면 1.png").write_bytes(b"a person's own")
    (folder / "keyguard.db").write_bytes(b"not one of these")
    return folder


def content(home: Path) -> dict[str, bytes]:
    return {p.relative_to(home).as_posix(): p.read_bytes() for p in home.rglob("*") if p.is_file()}


def test_all_come_back_and_are_their_owners_alone(full: Path, home: Path) -> None:
    found = files_of(full)
    assert (len(found.names), found.left_out) == (4, ())
    stream = reader(*pieces(full, found.names))
    assert restore_files(stream, home) == 4
    demand_end(stream)
    assert content(home) == {n: d for n, d in content(full).items() if n != "keyguard.db"}
    modes = {path.stat().st_mode & 0o777 for path in home.rglob("*")}
    assert modes == {0o600, 0o700}


def test_a_home_without_them_has_none(home: Path) -> None:
    assert files_of(home).names == ()
    assert restore_files(reader(*pieces(home, ())), home) == 0
    assert list(home.iterdir()) == []


def test_links_and_what_is_no_file_are_named_and_not_followed(full: Path, home: Path) -> None:
    (full / "attestations" / "link.zip").symlink_to(full / "keyguard.db")
    (full / "incidents" / "elsewhere").symlink_to(full)
    os.mkfifo(full / "incidents" / "pipe")
    (full / "incidents" / "a\nb").write_bytes(b"x")
    (full / "attestations" / "KGA-3.zip.new").write_bytes(b"half of it")
    left_out = ("attestations/link.zip", "incidents/a\nb", "incidents/elsewhere", "incidents/pipe")
    assert files_of(full).left_out == left_out
    assert len(files_of(full).names) == 4
    (home / "incidents").symlink_to(full)
    assert files_of(home).left_out == ("incidents",)


def test_what_changes_meanwhile(full: Path) -> None:
    names = files_of(full).names
    (full / "attestations" / "waiting" / "KGA-2.zip").unlink()  # it was signed
    assert b"KGA-2" not in b"".join(pieces(full, names))
    stream = pieces(full, names)
    next(stream)
    os.truncate(full / "attestations" / "KGA-1.zip", 0)
    assert code_of(lambda: list(stream)) == "backup.changing"
    (full / "attestations" / "KGA-1.zip").unlink()
    (full / "attestations" / "KGA-1.zip").symlink_to(full / "keyguard.db")
    assert code_of(lambda: list(pieces(full, names))) in {"store.failed", "store.not_a_file"}


@pytest.mark.parametrize(
    "name",
    [
        "attestations",
        "attestations/",
        "attestations//x",
        "attestations/../x",
        "attestations/./x",
        "/attestations/x",
        "../attestations/x",
        "config.toml",
        "incidents2/x",
        "incidents/a\\..\\..\\x",
        "incidents/C:x",
        "incidents/x.",
        "incidents/a\u0000b",
        "incidents/" + "a" * 256,
        "incidents/" + "a/" * 8 + "x",
        "incidents/" + "/".join(["각" * 100] * 5),
        "",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str, home: Path) -> None:
    assert code_of(lambda: restore_files(reader(line(name), b"x", END), home)) == "backup.damaged"
    assert content(home.parent) == {}


@pytest.mark.parametrize(
    "plain",
    [
        (line("incidents/a"), b"x", line("incidents/A"), b"y", END),  # one file on some systems
        (line("incidents/a"), b"x", line("incidents/a/b"), b"y", END),
        (line("incidents/a", 2**62), b"x" * (CHUNK_BYTES + 1)),
        (line("incidents/a", -1), END),
        (line("incidents/a"), b"x"),
        (line("incidents/" + "a" * 5000), END),
        (b'{"kind": "items", "size": 0}\n', END),
        (b'{"kind": "file", "size": 0, "name": 3}\n', END),
        (b"[" * 3000 + b"\n", END),
        (),
    ],
    ids=["twice", "folder", "larger", "negative", "no end", "long line", "kind", "name", "deep", "nothing"],
)
def test_a_stream_out_of_form_is_refused(plain: tuple[bytes, ...], home: Path) -> None:
    assert code_of(lambda: restore_files(reader(*plain), home)) in {"backup.damaged", "store.failed"}


def test_nothing_may_follow(home: Path) -> None:
    stream = reader(END, b"x")
    restore_files(stream, home)
    assert code_of(lambda: demand_end(stream)) == "backup.damaged"
