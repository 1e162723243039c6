"""Files that others sent: notes, replies, certificates, logs. Whatever they hold is checked later."""

from __future__ import annotations

import sys
from pathlib import Path

from keyguard.core.errors import UsageError

_LARGEST = 1 << 20


def content(name: str, largest: int = _LARGEST) -> bytes:
    """What the file holds, `-` for standard input; UsageError `file.unreadable` where it cannot be."""
    try:
        if name == "-":
            data = sys.stdin.buffer.read(largest + 1)
        else:
            with Path(name).open("rb") as stream:
                data = stream.read(largest + 1)
    except OSError as error:
        raise _unreadable(name, (error.strerror or "error").lower()) from None
    if len(data) > largest:
        raise _unreadable(name, f"it is larger than {largest >> 20} MiB")
    return data


def text(name: str) -> str:
    """The same as UTF-8 text, line ends as in C2SP notes: mail programs change them."""
    try:
        return content(name).decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise _unreadable(name, "it is not UTF-8 text") from None


def _unreadable(name: str, why: str) -> UsageError:
    return UsageError(f"{name} cannot be read: {why}", code="file.unreadable", still="nothing was changed")
