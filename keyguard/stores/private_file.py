"""Files only their owner may read: checked when read, replaced whole when written."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from keyguard.core.errors import StoreError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}
_UNCHANGED = "what was stored before is unchanged"


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the operating system's errors about `path` into StoreError with one of four codes.

    `store.missing`, `store.full`, `store.read_only`, and `store.failed` for all else.
    """
    try:
        yield
    except FileNotFoundError:
        raise StoreError(
            f"{path} does not exist",
            code="store.missing",
            hint="check the path; `keyguard init` makes a home with its store",
        ) from None
    except OSError as error:
        why = os.strerror(error.errno).lower() if error.errno else type(error).__name__
        if error.errno in _FULL:
            code, hint = "store.full", "free some space or raise the quota, then try again"
        elif error.errno in _FORBIDDEN:
            code, hint = "store.read_only", "make the file and its folder writable for their owner"
        else:
            code, hint = "store.failed", "check the disk and the folder, then try again"
        raise StoreError(f"{path}: {why}", code=code, still=_UNCHANGED, hint=hint) from None


def read_private(path: Path, limit: int) -> bytes:
    """Return the content of a regular file that is ours alone and has at most `limit` bytes.

    A link is followed: what counts is who owns and who can read the file it leads to, which is asked of
    the open file, so nothing can be exchanged in between.
    Raises StoreError `store.missing`, `store.exposed` (somebody else could read, change or own it),
    `store.not_a_file`, `store.too_large`, `store.read_only` (no permission).
    """
    # Without O_NONBLOCK, opening a named pipe would wait for its other end for ever.
    flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    with translated(path):
        handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
        try:
            _check(path, os.fstat(handle), limit)
            with os.fdopen(handle, "rb", closefd=False) as file:
                content = file.read()
        finally:
            os.close(handle)
    if len(content) > limit:
        raise _too_large(path, limit)
    return content


def _check(path: Path, facts: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise StoreError(
            f"{path} is not a regular file", code="store.not_a_file", hint="name a file that is one"
        )
    if sys.platform != "win32":  # there, the folder's access list protects the file
        if facts.st_uid != os.geteuid():
            raise StoreError(
                f"{path} belongs to another user",
                code="store.exposed",
                hint="its owner can change it; make a copy of your own",
            )
        if stat.S_IMODE(facts.st_mode) & 0o077:
            raise StoreError(
                f"{path} can be reached by other users (mode {stat.S_IMODE(facts.st_mode):04o})",
                code="store.exposed",
                hint=f"chmod 600 {path}; change the passphrase if somebody may have read it",
            )
    if facts.st_size > limit:
        raise _too_large(path, limit)


def _too_large(path: Path, limit: int) -> StoreError:
    return StoreError(
        f"{path} is larger than {limit} bytes", code="store.too_large", hint="is it the right file?"
    )


def replace_private(path: Path, content: bytes) -> None:
    """Put `content` at `path`, wholly or not at all, on disk before this returns.

    The caller holds the lock of `path`, so the temporary name can be a fixed one: what a crash leaves
    there is overwritten by the next writer instead of piling up.
    """
    fresh = path.with_name(path.name + ".new")
    with translated(path):
        try:
            fresh.unlink(missing_ok=True)
            _write_synced(fresh, content)
            fresh.replace(path)
        except OSError:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def _write_synced(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        _sync(file.fileno())


if sys.platform == "darwin":
    import fcntl

    def _sync(handle: int) -> None:
        # fsync leaves the data in the drive's cache there.
        fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
else:

    def _sync(handle: int) -> None:
        os.fsync(handle)


def sync_folder(folder: Path) -> None:
    """Have on disk which files a folder holds."""
    if sys.platform == "win32":
        return  # a folder cannot be opened there; NTFS journals the rename
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_private(path: Path) -> None:
    """Remove a file and have its absence on disk before this returns; one that is not there is fine."""
    with translated(path):
        path.unlink(missing_ok=True)
        sync_folder(path.parent)


def create_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read; StoreError `store.exists` where there is one."""
    with translated(path):
        try:
            _write_synced(path, content)
        except FileExistsError:
            raise StoreError(
                f"{path} exists already", code="store.exists", still="it was not touched", hint="name another"
            ) from None
        except OSError:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
