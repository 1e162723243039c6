"""Reads a passphrase or key file."""

from __future__ import annotations

from pathlib import Path

from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.stores.private_file import read_private

MAX_BYTES = 4096


def read_passphrase(path: Path) -> Secret:
    """Return the file's text without one newline at its end.

    Raises StoreError as `read_private` does, and `store.no_passphrase` for a file that is empty or not
    UTF-8.
    """
    content = read_private(path, MAX_BYTES)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        # Not chained: the original error holds the content.
        raise _unusable(path, "is not UTF-8 text") from None
    for ending in ("\r\n", "\n"):
        if text.endswith(ending):
            text = text.removesuffix(ending)
            break
    if not text:
        raise _unusable(path, "is empty")
    return Secret(text)


def _unusable(path: Path, why: str) -> StoreError:
    return StoreError(
        f"passphrase file {path} {why}",
        code="store.no_passphrase",
        hint="write the passphrase as the file's only line",
    )
