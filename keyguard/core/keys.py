"""Keys, their versions and scopes: the words of the inventory."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache


class Scope(enum.Flag):
    """Normalised permissions of a key. `OTHER` is any permission with none of the other meanings."""

    NONE = 0
    READ = enum.auto()
    TRADE_SPOT = enum.auto()
    TRADE_MARGIN = enum.auto()
    TRADE_DERIVATIVES = enum.auto()
    TRANSFER_INTERNAL = enum.auto()
    WITHDRAW = enum.auto()
    MANAGE_KEYS = enum.auto()
    OTHER = enum.auto()


DANGEROUS = Scope.TRANSFER_INTERNAL | Scope.WITHDRAW | Scope.MANAGE_KEYS
"""Scopes by which a thief empties the account or makes keys of his own."""


@lru_cache(maxsize=1024)
def scope_names(scopes: Scope) -> tuple[str, ...]:
    """Return the lower-case names of the scopes, in the order of their definition."""
    return tuple(part.name.lower() for part in scopes if part.name)


def parse_scopes(names: tuple[str, ...] | list[str]) -> Scope:
    """Return the union of the named scopes; raise ValueError for an unknown name."""
    return _union(tuple(names))


@lru_cache(maxsize=1024)
def _union(names: tuple[str, ...]) -> Scope:
    """A desk's thousands of keys have few different scopes, and adding up flags is slow."""
    scopes = Scope.NONE
    for name in names:
        try:
            scopes |= Scope[name.strip().upper()]
        except KeyError:
            raise ValueError(f"unknown scope {name!r}") from None
    return scopes


class Origin(enum.Enum):
    """How a fact about a key is known. Never show one as another (promise 10)."""

    REPORTED = "reported"  # the venue said so
    INFERRED = "inferred"  # followed from the answers to probes
    DECLARED = "declared"  # a person said so
    UNKNOWN = "unknown"


class KeyKind(enum.Enum):
    """The cryptography of a credential (KGA/1 §5.3 `key.register`)."""

    HMAC = "hmac"
    RSA = "rsa"
    ED25519 = "ed25519"
    ES256 = "es256"
    OAUTH = "oauth"
    OTHER = "other"


class Environment(enum.Enum):
    """Whether a key moves real money. `SIMULATED` is keyguard's own stand-in for a venue."""

    LIVE = "live"
    TEST = "test"
    SIMULATED = "simulated"


TEST_VARIABLE = "KEYGUARD_ENVIRONMENT"
"""`test` says of everything started with it, a CI job say, that it is a test and gets no live key."""


class VersionStatus(enum.Enum):
    """The life of one version of a key."""

    STAGED = "staged"  # exists at the venue, stored, not handed out yet
    LIVE = "live"  # what a hand-out gives; at most one a key
    RETIRED = "retired"  # replaced, perhaps still working at the venue
    DEAD = "dead"  # proven dead at the venue


@dataclass(frozen=True, slots=True)
class Key:
    """A credential at a venue with its declared facts; its secrets are in versions.

    `name` (`venue/desk/label`) is unique. `needs` are the scopes its purpose declares (NONE: not
    declared). `account` is the venue's account or sub-account id, "" while unknown.
    """

    id: str
    venue: str
    desk: str
    label: str
    kind: KeyKind = KeyKind.HMAC
    environment: Environment = Environment.LIVE
    owner: str = ""
    account: str = ""
    purpose: str = ""
    needs: Scope = Scope.NONE

    @property
    def name(self) -> str:
        """`venue/desk/label`."""
        return f"{self.venue}/{self.desk}/{self.label}"


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """One credential of a key: `public_id` is the access key id, the secret is stored under `item`.

    `venue_ref` is the venue's own handle for managing it, where that is not the public id (Deribit's
    numeric id). `fingerprint` is the KGA/1 §7 key fingerprint (hex). `created_at` is UTC.
    """

    id: str
    key_id: str
    number: int
    public_id: str
    fingerprint: str
    status: VersionStatus
    created_at: datetime
    venue_ref: str = ""

    @property
    def item(self) -> str:
        """The name of its item in the secret store."""
        return f"version/{self.id}"
