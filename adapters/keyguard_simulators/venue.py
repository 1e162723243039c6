"""What every simulated venue can do, whatever its API looks like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from keyguard_simulators.accounts import Account, Key
from keyguard_simulators.state import State
from keyguard_simulators.wire import Answer, Call


class Unacceptable(Exception):
    """The venue's web page would not accept this form; the text says why."""


@dataclass(frozen=True, slots=True)
class KeyForm:
    """What a person fills in on the key page. `permissions` in the venue's own words and structure."""

    account: str
    permissions: Any
    ips: tuple[str, ...] = ()
    label: str = ""
    read_only: bool = False
    age_days: float = 0  # the key is that old already
    public_key: str = ""
    passphrase: str = field(default="", repr=False)  # where its holder chooses one; "" has one drawn


class Venue(Protocol):
    """A venue. `answer` serves its API; the rest is what its website or its front machines do."""

    name: str
    state: State

    def operation(self, call: Call) -> str:
        """Name what is asked, for fault rules and the log: the path, or a JSON-RPC method."""

    def answer(self, call: Call) -> Answer:
        """Judge and serve one call."""

    def limited(self, call: Call, blocked: bool) -> Answer:
        """The venue's refusal of a client that calls too often."""

    def demand_code(self, call: Call) -> None:
        """Make the next call of this operation need a one-time code, where the venue knows such a thing."""

    def open_account(self, name: str, parent: str) -> Account:
        """Open an account, or a sub-account of `parent`; raises Unacceptable."""

    def issue(self, form: KeyForm) -> Key:
        """Issue a key as the website does; raises Unacceptable."""

    def set_ips(self, key: Key, ips: tuple[str, ...]) -> None:
        """Change a key's IP list as the website does; raises Unacceptable."""

    def permissions(self, key: Key) -> Any:
        """The key's permissions in the venue's own structure."""
