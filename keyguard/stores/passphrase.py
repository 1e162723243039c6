"""Reads a passphrase or key file; refuses new passphrases that would be guessed."""

from __future__ import annotations

from pathlib import Path

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.secret import Secret
from keyguard.stores.private_file import read_private

MAX_BYTES = 4096
SHORTEST = 12
_FEWEST_DIFFERENT = 6
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


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


def check_new(passphrase: Secret) -> Secret:
    """Return a new passphrase; UsageError `store.weak_passphrase` for one that costs a thief nothing.

    No more than a floor: under 12 characters, fewer than 6 different ones, or a stretch of the keyboard or
    the alphabet that makes up more than half of it. What is above the floor may still be guessed.
    """
    text = passphrase.reveal().lower()
    if not text.strip():
        raise _weak("is empty")
    if len(text) < SHORTEST:
        raise _weak(f"has fewer than {SHORTEST} characters")
    if len(set(text)) < _FEWEST_DIFFERENT:
        raise _weak("repeats few characters")
    half = len(text) // 2 + 1
    pieces = {text[at : at + half] for at in range(len(text) - half + 1)}
    runs = [run * (half // len(run) + 2) for run in _RUNS]
    if any(piece in run or piece in run[::-1] for piece in pieces for run in runs):
        raise _weak("is mostly a row of the keyboard or alphabet")
    return passphrase


def _weak(why: str) -> UsageError:
    return UsageError(
        f"the new passphrase {why}",
        code="store.weak_passphrase",
        still="nothing was changed",
        hint="choose six random words",
    )


def _unusable(path: Path, why: str) -> StoreError:
    return StoreError(
        f"passphrase file {path} {why}",
        code="store.no_passphrase",
        hint="write the passphrase as the file's only line",
    )
