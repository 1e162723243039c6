"""Who a log is, the key that signs its checkpoints, and the memory of what it signed last (KGA/1 §6.3).

The memory stands in the secret store, not beside the log: whoever puts an old copy of the database back (a
snapshot of a machine, a folder from a backup) would else make the log sign a second history. `keyguard backup
restore` brings back an old memory too; of that the log itself tells (`log.restore`).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keyguard.core.errors import IntegrityError, NotStored, StoreError
from keyguard.core.secret import Secret
from keyguard.kga import notes
from keyguard.ports.all import Ports
from keyguard.ports.seals import KeptSeal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ITEM = "system/log-key"
_SEED_BYTES = 32
_SIGNED = "system/log-signed/"


@dataclass(frozen=True, slots=True)
class LogKey:
    """A log's name and the key that signs for it."""

    log_id: str
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def origin(self) -> str:
        """The first line of its checkpoints."""
        return f"keyguard/{self.log_id}"

    @property
    def public(self) -> notes.VerifierKey:
        """What recipients pin."""
        return notes.VerifierKey(self.origin, notes.ED25519, self.private.public_key().public_bytes_raw())


def log_id(ports: Ports) -> str:
    """The present log's id (16 hex digits) by its first record; IntegrityError where that is no genesis."""
    first = next(ports.audit.entries(after=ports.seals.first() - 1), None)
    record = {} if first is None else json.loads(first.record)
    if record.get("type") != "log.genesis":
        raise IntegrityError(
            "the audit log does not begin with its genesis", code="log.genesis", hint="keyguard init"
        )
    return str(record["body"]["log_id"])


def log_key(ports: Ports, last: KeptSeal | None) -> LogKey:
    """The log's key; drawn where the log has no seal yet.

    StoreError `log.key` where this store has not the key that signed before: that of another host may.
    """
    name = log_id(ports)
    try:
        seed = ports.secrets.get(ITEM)
    except NotStored:
        if last is not None:
            raise _not_here() from None
        seed = _draw(ports)
    key = LogKey(name, _private(seed))
    if last is not None and last.vkey != str(key.public):
        raise _not_here()
    return key


def signed(ports: Ports, log: str) -> tuple[int, str] | None:
    """Size and root (hex) of the newest checkpoint this store remembers to have signed; None without."""
    prefix = f"{_SIGNED}{log}/"
    sizes = [name.removeprefix(prefix) for name in ports.secrets.names() if name.startswith(prefix)]
    newest = max((int(one) for one in sizes if re.fullmatch(r"[0-9]{1,15}", one)), default=None)
    if newest is None:
        return None
    return newest, ports.secrets.get(f"{prefix}{newest}").reveal()


def remember(ports: Ports, log: str, size: int, root: bytes) -> None:
    """Note durably that this checkpoint is about to be signed; then forget the smaller ones."""
    prefix = f"{_SIGNED}{log}/"
    ports.secrets.put(f"{prefix}{size}", Secret(root.hex()))
    for name in ports.secrets.names():
        if name.startswith(prefix) and name != f"{prefix}{size}":
            ports.secrets.delete(name)


def _draw(ports: Ports) -> Secret:
    try:
        ports.secrets.put(ITEM, Secret(ports.clock.token(_SEED_BYTES).hex()))
    except StoreError:
        # Another process may have drawn it since: the one that is stored counts. Else `get` says why.
        return ports.secrets.get(ITEM)
    return ports.secrets.get(ITEM)


def _private(seed: Secret) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed.reveal()))
    except ValueError:
        raise IntegrityError(f"{ITEM} in the secret store is not a key", code="store.item") from None


def _not_here() -> StoreError:
    return StoreError(
        "this secret store has not the key that signs for this log",
        code="log.key",
        still="nothing was sealed; records are written as before",
        hint="seal on the host whose store has it, or restore that store's backup",
    )
