"""One process at a time: an advisory lock on a file beside what it protects.

The lock file stays; removing it would let two processes hold locks on two different files.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keyguard.core.errors import StoreError
from keyguard.stores.private_file import translated

PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.01

if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def locked(path: Path, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the lock. StoreError `store.busy` after `patience` seconds, `store.read_only` and the like.

    Waiting is bounded and therefore polled: a stopped process may hold the lock for ever.
    """
    with translated(path.parent):  # what fails here is making a file in that folder
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        _wait(handle, path, patience)
        yield
    finally:
        os.close(handle)


def _wait(handle: int, path: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            _try_lock(handle)
        except (BlockingIOError, PermissionError):
            if time.monotonic() >= deadline:
                raise StoreError(
                    f"another process has kept {path} locked for {patience:g} seconds",
                    code="store.busy",
                    still="nothing was changed",
                    hint="look for a stopped keyguard process, then try again",
                ) from None
            time.sleep(_PAUSE_SECONDS)
        else:
            return
