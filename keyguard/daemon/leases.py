"""A lease in the daemon's memory, and what was asked for to get it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keyguard.core.exchange import Credential
from keyguard.core.keys import Environment, Key, KeyVersion

if TYPE_CHECKING:
    from keyguard.daemon.holders import Holder


@dataclass(frozen=True, slots=True)
class Ask:
    """What a process asks for; the same again inside its lease is the same hand-out."""

    key_name: str
    purpose: str
    mode: str
    declared: str = ""
    """The command the process says it wants the key for: noted as said, never as seen."""
    environment: Environment = Environment.LIVE
    """TEST where the process says that it is a test, which can only take rights away."""


@dataclass(slots=True, eq=False)
class Lease:
    """A hand-out that runs. `credential` None: the plaintext was dropped, the lease runs on.

    `until` (loop time) None: until the process ends. That the version is live and the process may use it was
    seen when the database had `stamp`; it is looked up again when that changes, or after `sure_until`.
    """

    id: str
    key: Key
    version: KeyVersion
    holder: Holder
    ask: Ask
    lease_s: int
    credential: Credential | None = None
    until: float | None = None
    timer: asyncio.TimerHandle | None = None
    stamp: int = 0
    sure_until: float = 0.0
    person: str = ""
    grant_id: str = ""
    giver: Holder | None = None
    """The process that moved the lease to its child, and may say that the child uses it no more."""

    def left_s(self, now: float) -> int:
        """Whole seconds until it ends, 0 for one that ends with its process."""
        return 0 if self.until is None else max(0, int(self.until - now))


def told(lease: Lease, credential: Credential, now: float, *, new: bool, replaces: str) -> dict[str, Any]:
    """The answer that hands the key out: the one place where plaintext enters a message."""
    parts = {
        "key": credential.key,
        "kind": credential.kind.value,
        "secret": credential.secret.reveal(),
    }
    if credential.passphrase is not None:
        parts["passphrase"] = credential.passphrase.reveal()
    answer: dict[str, Any] = {
        "id": lease.key.id,
        "key": lease.key.name,
        "venue": lease.key.venue,
        "version": lease.version.number,
        "lease": lease.id,
        "left_s": lease.left_s(now),
        "new": new,
        "credential": parts,
    }
    if replaces:
        answer["replaces"] = replaces
    return answer
