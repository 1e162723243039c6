"""Everything one simulated venue knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from keyguard_simulators.accounts import Book, Key
from keyguard_simulators.clock import Clock
from keyguard_simulators.faults import Faults
from keyguard_simulators.limits import Limits


@dataclass
class Switches:
    """What can be turned on and off. The Deribit and Bybit ones settle what documents leave open."""

    egress: str = ""  # the address callers from 127.0.0.1 are taken to have; "" takes them at their word
    latency_ms: int = 0  # there and back: half before a call is judged, half before its answer leaves
    new_key_delay_ms: int = 0  # a new key is unknown for so long
    dead_key_delay_ms: int = 0  # a deleted key lives on for so long
    enforce_rate_limits: bool = False
    ip_edits_on_web_only: bool = False  # Bybit: refuse every change of an IP list by API
    tokens_outlive_keys: bool = False  # Deribit: a token works although its key is gone
    list_shows_secrets: bool = False  # Deribit: list_api_keys carries client_secret
    second_factor_everywhere: bool = False  # Deribit: every key method demands a code, not only the marked
    classic_accounts: bool = False  # Bitget: accounts are of the classic mode, not of the unified one


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of the log of requests: never a value the caller sent, except its public id."""

    at_ms: int
    ip: str
    method: str
    operation: str
    key: str
    status: int
    code: str
    fault: str


@dataclass
class State:
    """A venue's memory: accounts and keys, clock, faults, nonces, limits, and what it saw."""

    book: Book = field(default_factory=Book)
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    limits: Limits = field(default_factory=Limits)
    switches: Switches = field(default_factory=Switches)
    nonces: set[tuple[str, str]] = field(default_factory=set)
    counters: dict[str, int] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    def spend_nonce(self, public_id: str, nonce: str) -> bool:
        """Use up a nonce; False when this key used it before."""
        if (public_id, nonce) in self.nonces:
            return False
        self.nonces.add((public_id, nonce))
        return True

    def raise_counter(self, public_id: str, nonce: int) -> bool:
        """Move a key's counter up to this nonce; False unless it grows."""
        if nonce <= self.counters.get(public_id, -1):
            return False
        self.counters[public_id] = nonce
        return True

    def live_from(self, now_ms: int) -> int:
        """When a key made now is known; without a delay always, so that a clock set back forgets none."""
        return now_ms + self.switches.new_key_delay_ms if self.switches.new_key_delay_ms else 0

    def delete(self, key: Key, now_ms: int) -> None:
        """Delete a key; it dies at once, or when the switched-on delay is over."""
        key.deleted = True
        key.dead_ms = now_ms + self.switches.dead_key_delay_ms if self.switches.dead_key_delay_ms else 0

    def caller(self, peer: str) -> str:
        """The address a caller is taken to have. Other loopback addresses than 127.0.0.1 stay distinct."""
        return self.switches.egress if peer == "127.0.0.1" and self.switches.egress else peer
