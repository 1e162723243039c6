"""Reads a file of a tree nobody trusts: regular files only, no link followed, never more than a limit."""

from __future__ import annotations

import os
import stat
from pathlib import Path

# A FIFO must not block the open, a link must not be followed; Windows has neither flag.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)

_MORE = 1 << 20


class TooLarge(Exception):
    """More bytes than the limit."""


def read_regular(path: Path, limit: int) -> bytes | None:
    """Return a file's bytes, None if it is no regular file; raises OSError, and TooLarge above `limit`."""
    descriptor = os.open(path, _FLAGS)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            return None
        if facts.st_size > limit:
            raise TooLarge
        # One read of the size it says; more only if it changed, or does not say (files of /proc).
        data = os.read(descriptor, facts.st_size + 1 if facts.st_size else _MORE)
        while len(data) != facts.st_size and (more := os.read(descriptor, _MORE)):
            data += more
            if len(data) > limit:
                raise TooLarge
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise TooLarge
    return data


def megabytes(size: int) -> str:
    """A size for people, in decimal units."""
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size:,} bytes"
