"""Accounts, sub-accounts and keys of one venue, in memory."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field

from keyguard_simulators.shapes import base32

DAY_MS = 86_400_000


def are_addresses(texts: Iterable[str]) -> bool:
    """Whether each is one IP address; no venue here documents networks in its lists."""
    try:
        return all(ipaddress.ip_address(text) for text in texts)
    except ValueError:
        return False


@dataclass
class Account:
    """An account; a sub-account names its `parent`. `balances` maps a coin to an amount.

    `totp_secret` (base32) is what the holder's authenticator app knows; it is asked for its codes
    while `second_factor` is on.
    """

    id: str
    name: str
    parent: str = ""
    balances: dict[str, str] = field(default_factory=dict)
    second_factor: bool = False
    totp_secret: str = field(default_factory=lambda: base32(20), repr=False)


@dataclass
class Key:
    """An API key. `ips` () means any address; `expires_ms` None means never.

    `grants` are the venue's permission names in one flat set. `secret` is empty for a key whose
    `public_key` (PEM) the holder uploaded. `live_ms`/`dead_ms`: when the change reached the machines
    that check signatures; `used_ms` when it was last accepted, at venues that end unused keys.
    """

    public_id: str
    number: int
    account: str
    grants: frozenset[str]
    ips: tuple[str, ...]
    label: str
    created_ms: int
    live_ms: int
    secret: str = field(default="", repr=False)
    public_key: str = ""
    expires_ms: int | None = None
    read_only: bool = False
    enabled: bool = True
    deleted: bool = False
    dead_ms: int = 0
    features: tuple[str, ...] = ()
    used_ms: int = 0
    passphrase: str = field(default="", repr=False)

    def known_at(self, now_ms: int) -> bool:
        """Whether the machines that check signatures know this key at `now_ms`."""
        return self.live_ms <= now_ms and (not self.deleted or now_ms < self.dead_ms)

    def expired_at(self, now_ms: int) -> bool:
        """Whether its life is over at `now_ms`."""
        return self.expires_ms is not None and self.expires_ms <= now_ms

    def allows(self, ip: str) -> bool:
        """Whether a caller from `ip` may use it."""
        return not self.ips or ip in self.ips


@dataclass
class Book:
    """All accounts and keys of a venue. Deleted keys stay, marked, so that ids are never given twice."""

    accounts: dict[str, Account] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    next_number: int = 1

    def add_key(self, key: Key) -> None:
        """Enter a new key."""
        self.keys[key.public_id] = key
        self.next_number = max(self.next_number, key.number) + 1

    def usable(self, public_id: str, now_ms: int) -> Key | None:
        """The key of that id as those who check signatures see it."""
        key = self.keys.get(public_id)
        return key if key is not None and key.known_at(now_ms) else None

    def listed(self, account: str) -> list[Key]:
        """Keys of one account that were not deleted, oldest first; a list shows changes at once."""
        return [key for key in list(self.keys.values()) if key.account == account and not key.deleted]

    def family(self, account: str) -> list[str]:
        """The account's master (itself, where it has none) followed by all of that master's sub-accounts."""
        master = self.accounts[account].parent or account
        return [master, *(one.id for one in list(self.accounts.values()) if one.parent == master)]
