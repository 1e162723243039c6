"""A work tree, or any folder: every regular file in it, ignored ones included, links not followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from keyguard.core.errors import UsageError
from keyguard.scanner.selection import Selection
from keyguard.scanner.sources import Later, Listed, Note, Piece, Supply, Unread
from keyguard.scanner.sources.files import TooLarge, megabytes, read_regular

LEFT_OUT = frozenset(
    {
        *(".git", ".hg", ".svn", ".jj"),
        *("node_modules", "bower_components", ".pnpm-store", "site-packages", ".venv", ".tox", ".nox"),
        *("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".cache"),
        *(".gradle", ".terraform", ".next", ".nuxt", "Pods"),
    }
)
"""Folders that hold other people's code, or copies of what is scanned anyway."""
VANISHED = "vanished before it was read"
_MARKERS = ("pyvenv.cfg", "CACHEDIR.TAG")  # a virtual environment or a cache by its own word


def listing(root: Path, selection: Selection) -> Iterator[Listed]:
    """Yield the files below a folder in a stable order, or the one file; paths are relative to `root`.

    A link is followed only where it is `root` itself. UsageError `scan.path` if there is no such path.
    """
    try:
        real = root.resolve(strict=True)
        facts = real.stat()
    except (OSError, RuntimeError):
        raise UsageError(f"no file or folder {str(root)!r}", code="scan.path") from None
    if stat.S_ISDIR(facts.st_mode):
        yield from _below(real, "", selection)
    elif stat.S_ISREG(facts.st_mode):  # named by the person, so no exclusion applies
        yield Later(str(root), facts.st_size, (str(real),))
    else:
        yield Unread(str(root), "not a regular file (a pipe goes to --stdin)")


def read(later: Later, max_size: int) -> Iterator[Supply]:
    """Yield the content of a listed file, or why it could not be read; nothing if it is no file any more."""
    return file_pieces(Path(later.what[0]), later.path, max_size)


def folder_pieces(real: Path, prefix: str, selection: Selection) -> Iterator[Supply]:
    """Yield the files below a folder; `prefix` ("" or ending in "/") comes before their paths."""
    for entry in _below(real, prefix, selection):
        if isinstance(entry, Later):
            yield from read(entry, selection.max_size)
        else:
            yield entry


def _below(real: Path, prefix: str, selection: Selection) -> Iterator[Listed]:
    stack = [(real, prefix)]
    passed = 0
    while stack:
        folder, prefix = stack.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Unread(prefix or ".", reason(error))
            continue
        if prefix and not selection.everything and any(e.name in _MARKERS for e in entries):
            continue
        folders = []
        for entry in entries:
            path = prefix + entry.name
            if entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                left_out = entry.name in LEFT_OUT and not selection.everything
                if not left_out and not selection.exclude.match(path):
                    folders.append((folder / entry.name, f"{path}/"))
            elif not selection.wants(path):
                continue
            elif entry.is_file(follow_symlinks=False):
                yield _listed(entry, path)
            else:
                passed += 1
        stack.extend(reversed(folders))
    if passed:
        yield Note(f"{passed} pipes, sockets or devices were passed over")


def _listed(entry: os.DirEntry[str], path: str) -> Listed:
    try:
        return Later(path, entry.stat(follow_symlinks=False).st_size, (entry.path,))
    except FileNotFoundError:
        return Unread(path, VANISHED)
    except OSError as error:
        return Unread(path, reason(error))


def left_out(root: Path, path: str, selection: Selection) -> bool:
    """Whether a walk from `root` would not come to this path, for the names of folders on the way."""
    if selection.exclude.match(path):
        return True
    if selection.everything:
        return False
    *folders, _ = names = path.split("/")
    if not LEFT_OUT.isdisjoint(names):
        return True
    above = ["/".join(folders[:depth]) for depth in range(1, len(folders) + 1)]
    return any((root / folder / marker).exists() for folder in above for marker in _MARKERS)


def file_pieces(real: Path, path: str, max_size: int) -> Iterator[Supply]:
    """Yield the one file, or why it could not be read; nothing if it is no regular file."""
    try:
        data = read_regular(real, max_size)
        size = real.lstat().st_size if data is not None else 0
    except TooLarge:
        yield Unread(path, f"larger than {megabytes(max_size)}")
    except FileNotFoundError:
        yield Unread(path, VANISHED)
    except OSError as error:
        yield Unread(path, reason(error))
    else:
        if data is not None:
            if size and size != len(data):  # files the kernel makes up have no size
                yield Note(f"{path} changed while it was read")
            yield Piece(path, data)


def reason(error: OSError) -> str:
    """The operating system's words, in lower case."""
    return (error.strerror or type(error).__name__).lower()
