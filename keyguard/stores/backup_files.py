"""The folders of a home that go along with a backup: attestations that were issued, preserved incidents.

Each file is a section of its own after the database's, and one section of kind `end` follows the last:

{"kind":"file","name":"attestations/…","size":…}     its content, as it was when it was opened
{"kind":"end","size":0}
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from keyguard.core.errors import StoreError
from keyguard.stores.backup_format import Reader, damaged
from keyguard.stores.backup_sections import BLOCK, copied, read_line, section_line
from keyguard.stores.private_file import sync_folder, translated

FOLDERS = ("attestations", "incidents")
_MAX_DEPTH = 8
_MAX_NAME_BYTES = 1000
_MAX_LINE_BYTES = 4096
_PART = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff\\/:*?\"<>|]{1,255}")
"""What every system takes as a file's name, but for what `_fits` adds."""
_HALF_WRITTEN = ".new"


@dataclass(frozen=True, slots=True)
class Found:
    """Names relative to the home, with `/`. `left_out`: links, devices, names that not every system takes."""

    names: tuple[str, ...]
    left_out: tuple[str, ...]


def files_of(home: Path) -> Found:
    """What stands in these folders now, sorted; what is being written, or went meanwhile, is passed over."""
    names: list[str] = []
    left_out: list[str] = []
    for folder in FOLDERS:
        _collect(home, folder, names, left_out)
    return Found(tuple(sorted(names)), tuple(sorted(left_out)))


def pieces(home: Path, names: Sequence[str]) -> Iterator[bytes]:
    """These files as sections, piece by piece; one that is gone is left out. StoreError where one shrinks."""
    for name in names:
        path = home / name
        try:
            handle = _opened(path)
        except FileNotFoundError:  # it waited for a signature, and got it
            continue
        with os.fdopen(handle, "rb") as stream:
            left = os.fstat(stream.fileno()).st_size
            yield section_line("file", left, name=name)
            while left:
                with translated(path):
                    block = stream.read(min(left, BLOCK))
                if not block:
                    raise StoreError(
                        f"{path} was cut short while it was read",
                        code="backup.changing",
                        still="no backup was made",
                        hint="see who changes it; then make the backup again",
                    )
                left -= len(block)
                yield block
    yield section_line("end", 0)


def restore_files(reader: Reader, home: Path) -> int:
    """Write the files of a backup below a new home (0700, 0600), flushed; how many there were.

    StoreError `backup.damaged` for a name that leads out of the two folders, that not every system takes,
    or that stands there twice; nothing is ever written over.
    """
    seen: set[str] = set()
    while True:
        line = read_line(reader, _MAX_LINE_BYTES)
        if line.kind == "end" and line.size == 0:
            return len(seen)
        name = line.name
        if line.kind != "file" or not _fits(name) or name.casefold() in seen:
            raise damaged("it holds a file of a name that no backup has")
        seen.add(name.casefold())
        path = home / name
        for folder in reversed(path.relative_to(home).parents[:-1]):
            _made(home / folder)
        copied(reader, line.size, path)
        with translated(path):
            sync_folder(path.parent)


def _collect(home: Path, folder: str, names: list[str], left_out: list[str]) -> None:
    path = home / folder
    if path.is_symlink():
        left_out.append(folder)
        return
    try:
        with translated(path), os.scandir(path) as entries:
            found = list(entries)
    except StoreError as error:
        if error.code == "store.missing":
            return
        raise
    for entry in found:
        name = f"{folder}/{entry.name}"
        if entry.is_dir(follow_symlinks=False) and name.count("/") < _MAX_DEPTH - 1:
            _collect(home, name, names, left_out)
        elif entry.name.endswith(_HALF_WRITTEN):
            continue
        elif entry.is_file(follow_symlinks=False) and _fits(name):
            names.append(name)
        else:
            left_out.append(name)


def _made(folder: Path) -> None:
    if folder.exists():
        return
    with translated(folder):
        folder.mkdir(mode=0o700)
        sync_folder(folder.parent)


def _opened(path: Path) -> int:
    """FileNotFoundError where it is gone; StoreError for all else, and for what is no file any more."""
    flags = os.O_RDONLY
    for one in ("O_CLOEXEC", "O_BINARY", "O_NONBLOCK", "O_NOFOLLOW"):
        flags |= getattr(os, one, 0)
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError:
        with translated(path):
            raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise StoreError(f"{path} is not a regular file", code="store.not_a_file", hint="move it away")
    return handle


def _fits(name: str) -> bool:
    parts = name.split("/")
    return (
        parts[0] in FOLDERS
        and 1 < len(parts) <= _MAX_DEPTH
        and all(_PART.fullmatch(part) and not part.endswith((".", " ")) for part in parts)
        and len(name.encode()) <= _MAX_NAME_BYTES
    )
