"""Files below the home that only save time: for their owner alone, checked, and gone without harm.

Each begins with a digest of the rest, so one that was cut off or damaged is as good as none. So is one
that another user could have written: what it says would be believed.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_DIGEST = 32


def read(file: Path, limit: int) -> bytes | None:
    """What was written; None if there is no such file, or one that cannot be believed."""
    content = b""
    with suppress(OSError):
        if not _ours(file.parent.lstat(), stat.S_ISDIR):
            return None
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as opened:
            if not _ours(os.fstat(descriptor), stat.S_ISREG):
                return None
            content = opened.read(limit + _DIGEST + 1)
    digest, rest = content[:_DIGEST], content[_DIGEST:]
    return rest if len(rest) <= limit and hashlib.sha256(rest).digest() == digest else None


def write(file: Path, content: bytes, kin: str, most: int) -> None:
    """Write whole or not at all; of the files of a folder that match `kin`, only the newest `most` stay.
    What cannot be written is not there the next time, and nothing else."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    with suppress(OSError):
        for folder in (file.parent.parent, file.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _ours(file.parent.lstat(), stat.S_ISDIR):
            return
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(hashlib.sha256(content).digest() + content)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
        made = sorted(file.parent.glob(kin), key=lambda path: path.stat().st_mtime_ns)
        for old in made[:-most]:
            old.unlink(missing_ok=True)


def _ours(facts: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """Whether this user owns it and nobody else may write to it. Windows has neither user ids nor these
    bits: there the folder lies in the user's profile."""
    if not hasattr(os, "geteuid"):
        return is_kind(facts.st_mode)
    return is_kind(facts.st_mode) and facts.st_uid == os.geteuid() and not facts.st_mode & 0o022
