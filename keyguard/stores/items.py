"""What every secret store asks of an item: its name's letters, its value's size."""

from __future__ import annotations

import re

from keyguard.core.errors import NotStored, StoreError
from keyguard.core.secret import Secret

MAX_VALUE_BYTES = 64 * 1024
"""Far above any credential (a 4096-bit RSA key in PEM has 3.3 kB), far below any store's own limit."""

_NAME = re.compile(r"[a-z0-9/_.-]{1,120}")


def check_name(name: str) -> None:
    """Raise StoreError `store.name` for a name the port does not allow."""
    if not _NAME.fullmatch(name):
        raise StoreError(
            f"{name!a} cannot be the name of a stored item",
            code="store.name",
            still="nothing was changed",
            hint="names have 1 to 120 characters of a-z 0-9 / _ . -",
        )


def check_value(secret: Secret) -> str:
    """Return the plaintext; raise StoreError `store.too_large` or `store.not_text` before any effect."""
    value = secret.reveal()
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        # Not chained: the original error holds the value.
        raise StoreError(
            "the value is not valid Unicode text",
            code="store.not_text",
            still="nothing was changed",
            hint="it holds half of a surrogate pair; copy it from the venue again",
        ) from None
    if size > MAX_VALUE_BYTES:
        raise StoreError(
            f"the value has {size} bytes, a secret store takes {MAX_VALUE_BYTES}",
            code="store.too_large",
            still="nothing was changed",
            hint="no exchange credential is that long; check what was pasted",
        )
    return value


def not_stored(name: str) -> NotStored:
    """The error of `get` for a name that is not there."""
    return NotStored(
        f"the secret store holds no item {name!a}",
        code="store.not_stored",
        hint="check that the store and the home (`--home`) are the ones the key was added to",
    )


def other_value(name: str) -> StoreError:
    """The error of `put` for a name that is there with another value."""
    return StoreError(
        f"the secret store already holds another value under {name!a}",
        code="store.exists",
        still="the stored value was not touched",
        hint="an item is never overwritten; use a new name",
    )


def not_kept(name: str) -> StoreError:
    """The error of `put` when reading back does not bring what was written."""
    return StoreError(
        f"the secret store did not keep {name!a} as written",
        code="store.not_kept",
        still="the item does not count as stored",
        hint="check the keyring service or the disk, then try again",
    )
