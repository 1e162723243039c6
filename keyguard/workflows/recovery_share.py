"""A recovery share: made, listed, taken back.

A share is 160 random bits that a person keeps on paper (`core/share.py`). Its key, which follows from it,
is an item of the secret store: so every backup, and every vault file the secrets move to, can be locked
for the share too, without the paper. Whoever can read that item can read all the others as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from keyguard.core import share
from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret
from keyguard.core.slots import FIRM
from keyguard.ports.all import Ports

SHARES = "system/recovery/"
"""Before a share's id: the names of their keys in the secret store."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new share. `text` is what goes on paper; it is kept nowhere."""

    id: str
    text: Secret


def listed(ports: Ports) -> tuple[str, ...]:
    """The ids of all shares that are in force."""
    names = ports.secrets.names()
    return tuple(name.removeprefix(SHARES) for name in names if name.startswith(SHARES))


def make(ports: Ports, lock_for: Callable[[Secret, str], None]) -> Made:
    """Make a share; `lock_for(key, id)` locks the store itself for it, where the store has such locks.

    Everything stands before the share is shown: a share on paper that opens nothing would be worse than
    one that nobody has seen.
    """
    drawn = ports.clock.token(share.SHARE_BYTES)
    key = share.key_of(drawn)
    made = Made(share.id_of(key), share.write(drawn))
    _record(ports, "recovery_add", made.id)
    ports.secrets.put(SHARES + made.id, key)
    lock_for(key, made.id)
    return made


def revoke(ports: Ports, share_id: str, unlock_for: Callable[[str], None]) -> None:
    """Take a share back; UsageError `share.unknown`. Copies made before still open with it."""
    if share_id not in listed(ports):
        raise UsageError(
            f"there is no recovery share {share_id!a}", code="share.unknown", hint="keyguard store status"
        )
    _record(ports, "recovery_remove", share_id)
    unlock_for(share_id)
    ports.secrets.delete(SHARES + share_id)


def record_new_passphrase(ports: Ports) -> None:
    """Say in the log that the store is about to get another passphrase."""
    ports.audit.append(FIRM, "store.rewrap", {"change": "passphrase", "storage": ports.secrets.kind})


def _record(ports: Ports, change: str, share_id: str) -> None:
    body = {"change": change, "storage": ports.secrets.kind, "share": share_id}
    ports.audit.append(FIRM, "store.rewrap", body)
