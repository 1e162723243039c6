"""A key as a program gets it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from keyguard.core.errors import DaemonError
from keyguard.core.keys import TEST_VARIABLE
from keyguard.core.secret import Secret


@dataclass(frozen=True, slots=True)
class HandedKey:
    """A version of a key with its credential.

    `key` is the access key id; `secret.reveal()` the secret, a PEM private key where `kind` is rsa, ed25519
    or es256. `left_s`: seconds the lease still runs, 0 for one that ends with the process. `new`: whether
    this was a hand-out of its own, with its own record in the audit log.
    """

    name: str
    venue: str
    version: int
    key: str
    secret: Secret
    passphrase: Secret | None
    kind: str
    lease: str
    left_s: int
    new: bool


def asked(key: str, purpose: str, lease_s: int, *, fresh: bool = False) -> dict[str, Any]:
    """The parameters of `handout.get`; a process that says it is a test says so here."""
    params: dict[str, Any] = {"key": key, "purpose": purpose, "lease_s": lease_s}
    if fresh:
        params["fresh"] = True
    if os.environ.get(TEST_VARIABLE) == "test":
        params["environment"] = "test"
    return params


def handed(told: dict[str, Any]) -> HandedKey:
    """Read the daemon's answer; DaemonError where it is not one."""
    try:
        parts = told["credential"]
        passphrase = parts.get("passphrase")
        return HandedKey(
            name=told["key"],
            venue=told["venue"],
            version=told["version"],
            key=parts["key"],
            secret=Secret(parts["secret"]),
            passphrase=None if passphrase is None else Secret(passphrase),
            kind=parts["kind"],
            lease=told["lease"],
            left_s=told["left_s"],
            new=told["new"],
        )
    except (LookupError, TypeError, AttributeError):
        raise DaemonError("the daemon's answer holds no key", code="daemon.answer") from None
