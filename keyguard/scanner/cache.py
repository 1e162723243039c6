"""Files below the home that only save time: for their owner alone, checked, and gone without harm.

Each begins with a digest of the rest, so one that was cut off or damaged is as good as none. So is one
that another user could have written: what it says would be believed.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

_DIGEST = 32


def read(file: Path, limit: int) -> bytes | None:
    """What was written; None if there is no such file, or one that cannot be believed."""
    try:
        if not _ours(file.parent.lstat()):
            return None
        with file.open("rb") as opened:
            if not _ours(os.fstat(opened.fileno())):
                return None
            content = opened.read(limit + _DIGEST + 1)
    except OSError:
        return None
    digest, rest = content[:_DIGEST], content[_DIGEST:]
    return rest if len(rest) <= limit and hashlib.sha256(rest).digest() == digest else None


def write(file: Path, content: bytes, kin: str, most: int) -> None:
    """Write whole or not at all; of the files of a folder that match `kin`, only the newest `most` stay.
    What cannot be written is not there the next time, and nothing else."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    with suppress(OSError):
        for folder in (file.parent.parent, file.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
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


def _ours(facts: os.stat_result) -> bool:
    """Whether nobody else could have written there."""
    if stat.S_ISLNK(facts.st_mode):
        return False
    return not hasattr(os, "geteuid") or (facts.st_uid == os.geteuid() and not facts.st_mode & 0o022)
