"""What the core and an adapter say to each other.

An adapter holds facts (data), signing and parsing (functions) and operations (generators). An operation
yields a `Request`, is sent the `Reply`, and returns a domain value; it may yield an `Ask` when the venue
wants something only a person has. A refusal is thrown into it as `Refused`. So an adapter does no I/O.
The words of a call stand in `calls.py`; who needs both kinds finds them here.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from keyguard.core.calls import Ask, Credential, Effect, Fault, Reply, Request, Stamp, Step, T, Wire
from keyguard.core.keys import KeyKind, Origin, Scope

if TYPE_CHECKING:
    from keyguard.core.oauth import OAuth
    from keyguard.core.sessions import Sessions

__all__ = [
    "Adapter",
    "Ask",
    "Cancelling",
    "Credential",
    "Effect",
    "Facts",
    "Fault",
    "Guide",
    "IpForm",
    "KeyReport",
    "KeySpec",
    "Life",
    "Limit",
    "NewKey",
    "NonceKind",
    "Reply",
    "Request",
    "ScopeNames",
    "Since",
    "Stamp",
    "Step",
    "T",
    "Wire",
]


class NonceKind(enum.Enum):
    """What the venue wants as a nonce."""

    NONE = "none"
    UUID = "uuid"  # any unique text
    COUNTER = "counter"  # an integer that only grows, per key; unix ms as its floor


class Since(enum.Enum):
    """From when a rule of life counts."""

    ISSUE = "issue"
    USE = "use"  # the last call the venue accepted


@dataclass(frozen=True, slots=True)
class Life:
    """A rule by which a key of this venue ends by itself, `span` after `since`.

    `open_only`: it holds for keys only that work from any address. `scopes`: for keys only that hold one of
    these (NONE: for all). `source`: where it stands and the day that was read.
    """

    span: timedelta
    source: str
    since: Since = Since.ISSUE
    open_only: bool = False
    scopes: Scope = Scope.NONE

    def holds_for(self, report: KeyReport) -> bool:
        """Whether a key of which this is known falls under the rule; what is not told counts for it not."""
        if self.open_only and report.ips != ():
            return False
        return not self.scopes or bool(self.scopes & report.scopes)


class IpForm(enum.Enum):
    """What an entry of a venue's IP list may be."""

    IPV4 = "IPv4 address"
    IPV6 = "IPv6 address"
    NETWORK4 = "IPv4 network"  # as CIDR, 203.0.113.0/24
    NETWORK6 = "IPv6 network"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `calls` within `span`: the narrowest documented limit on the calls an adapter makes to read.

    `shared`: counted by the caller's address, all keys together; else for each key by itself.
    """

    calls: int
    span: timedelta
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Cancelling:
    """That one call of this venue cancels every open order of the calling key's account, whoever placed it.

    `scopes`: those any one of which the key needs. `source`: where it stands, `checked` the day that was
    read. `leaves`: what stays open all the same, "" where nothing does.
    """

    scopes: Scope
    source: str
    checked: str
    leaves: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of a venue, with its source. Durations are None where no such rule exists.

    `base` is the https origin, `other_bases` those of the same venue under another name, which a home may
    choose in its place; `docs`/`checked` the source and the day it was read; `key_page` where a person
    manages keys; `closed`: the day a venue that answers no more closed, "" while it is open; `kinds`: of
    keys the adapter signs with. `lives`: the rules by which keys end.
    `limit`: how fast it may be asked (None: not documented). `clock_window`: how far a timestamp may be
    off (None: no timestamps). `max_ips`: entries per key (None: unknown, 0: it has no IP lists);
    `ip_forms`: what they may be. `disturbs`: what asking about a key does to the program that uses it
    ("moves its nonce on"), "" where it does nothing; such keys are asked about on demand
    only while somebody uses them. `dead`: faults by which this venue can mean "this key no longer exists",
    AMBIGUOUS among them where its answer may mean other things too; burial always needs the key list or a
    working control call beside it. `propagation`: how long a change of a key may take to count everywhere, as
    documented (zero: nothing is). `cancels`: how its `cancel_all` is to be understood. `env_names`: for
    `run --as`, style -> ((variable, field), …) with fields key, secret, passphrase, private_key.
    """

    id: str
    name: str
    base: str
    docs: str
    checked: str
    key_page: str
    closed: str = ""
    kinds: tuple[KeyKind, ...] = (KeyKind.HMAC,)
    nonce: NonceKind = NonceKind.NONE
    clock_window: timedelta | None = None
    max_ips: int | None = None
    ip_forms: frozenset[IpForm] = frozenset({IpForm.IPV4})
    ip_mandatory: bool = False
    lives: tuple[Life, ...] = ()
    limit: Limit | None = None
    disturbs: str = ""
    label_pattern: str = r"[A-Za-z0-9_]{1,16}"
    dead: frozenset[Fault] = frozenset()
    propagation: timedelta = timedelta(0)
    env_names: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    unverified: tuple[str, ...] = ()
    other_bases: tuple[str, ...] = ()
    cancels: Cancelling | None = None


@dataclass(frozen=True, slots=True)
class KeyReport:
    """What is known of a key from its venue, each part with its origin. Instants are UTC.

    `scopes` are held for sure; `scopes_unknown` may be held, the venue does not tell. `grants` are the
    venue's own permission names, sorted. `ips`: () is "any address", None is "not told".
    `ref` is the venue's handle for managing it (public id where there is none of its own).
    `account`/`parent`: the owning account's id and, for a sub-account, its master's id; "" unknown.
    """

    public_id: str
    ref: str = ""
    label: str = ""
    account: str = ""
    parent: str = ""
    scopes: Scope = Scope.NONE
    scopes_unknown: Scope = Scope.NONE
    scopes_origin: Origin = Origin.UNKNOWN
    grants: tuple[str, ...] = ()
    ips: tuple[str, ...] | None = None
    ips_origin: Origin = Origin.UNKNOWN
    created_at: datetime | None = None
    expires_at: datetime | None = None
    expiry_origin: Origin = Origin.UNKNOWN
    enabled: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeySpec:
    """What a new or edited key must be, exactly. `grants` are venue permission names, sorted.

    A venue that cannot grant exactly this is refused (promise 5); nothing is rounded up. `ips_told` False:
    nobody tells the addresses of the key to be replaced, and a person gives the new one the same; `ips` ()
    does not mean any address then.
    """

    label: str
    scopes: Scope
    grants: tuple[str, ...]
    ips: tuple[str, ...]
    account: str = ""
    ips_told: bool = True


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made at the venue: its credential exists nowhere else yet."""

    report: KeyReport
    credential: Credential


@dataclass(frozen=True, slots=True)
class Guide:
    """What a person does on the venue's page: exact settings, in the venue's own words.

    `korean`: the steps in Korean, for the venues of Korea; empty elsewhere. `parts`: what a person brings
    back from a page that makes a key. `done`: so many of the first steps are done already.
    """

    page: str
    title: str
    steps: tuple[str, ...]
    korean: tuple[str, ...] = ()
    parts: tuple[str, ...] = ("key", "secret")
    done: int = 0

    def after(self, step: str, korean: str) -> Guide:
        """The guide with one more step in front, in each language it has."""
        return replace(self, steps=(step, *self.steps), korean=(korean, *self.korean) if self.korean else ())


@dataclass(frozen=True)
class ScopeNames:
    """The venue's permission names and what each means here. An unknown name is an error."""

    names: Mapping[str, Scope]

    def read(self, grants: tuple[str, ...]) -> Scope:
        """Normalise the venue's names; raises ValueError for one this adapter does not know."""
        scopes = Scope.NONE
        for grant in grants:
            if grant not in self.names:
                raise ValueError(f"unknown permission {grant!r}")
            scopes |= self.names[grant]
        return scopes

    def write(self, scopes: Scope) -> tuple[str, ...]:
        """Return all names that lie wholly within `scopes`; raises ValueError if they do not add up."""
        grants = tuple(sorted(n for n, s in self.names.items() if s and s in scopes))
        if self.read(grants) != scopes:
            raise ValueError("the venue cannot grant exactly these scopes")
        return grants

    def narrow(self, grants: tuple[str, ...], scopes: Scope) -> tuple[str, ...]:
        """Keep of `grants` those within `scopes`; raises ValueError if less than `scopes` is left."""
        kept = tuple(sorted(g for g in grants if self.names[g] in scopes))
        if self.read(kept) != scopes:
            raise ValueError("the key's permissions cannot be narrowed to exactly these scopes")
        return kept


@dataclass(frozen=True, slots=True)
class Adapter:
    """One venue. An operation left None does not exist there; then a guide tells a person how.

    sign        exact bytes for a request, credential and stamp
    fault       why this reply is a refusal, with the venue's own code; None when it is none
    scopes      the venue's permission names
    clock       server time in unix ms; None where timestamps do not matter
    whoami      (own public id) what the venue says of the calling key
    list_keys   (account) all keys the caller may see there; the calling key manages or is one of them
    create_key  makes a key exactly as specified; the result's credential exists nowhere else
    edit_key    (current, wanted) sends every field, never only the changed one
    reset_key   (current) same public id, new secret, the old secret dead at once
    disable_key, enable_key, delete_key  (current)
    cancel_all  cancels every open order of the calling key's account (`facts.cancels`): how many, None where
                that is not told. For panics alone
    example     a credential of documented shape, for the scanner's and the contract's tests
    oauth       how apps are signed in, where the venue documents it
    sessions    how a key is exchanged for a token that lasts for a while; a venue has one of the two at most
    """

    facts: Facts
    sign: Callable[[Request, Credential, Stamp], Wire]
    fault: Callable[[Reply], tuple[Fault, str] | None]
    scopes: ScopeNames
    whoami: Callable[[str], Step[KeyReport]]
    guide_create: Callable[[KeySpec], Guide]
    guide_edit: Callable[[KeyReport, KeySpec], Guide]
    guide_delete: Callable[[KeyReport], Guide]
    example: Credential
    clock: Callable[[], Step[int]] | None = None
    list_keys: Callable[[str], Step[tuple[KeyReport, ...]]] | None = None
    create_key: Callable[[KeySpec], Step[NewKey]] | None = None
    edit_key: Callable[[KeyReport, KeySpec], Step[KeyReport]] | None = None
    reset_key: Callable[[KeyReport], Step[NewKey]] | None = None
    disable_key: Callable[[KeyReport], Step[None]] | None = None
    enable_key: Callable[[KeyReport], Step[None]] | None = None
    delete_key: Callable[[KeyReport], Step[None]] | None = None
    cancel_all: Callable[[], Step[int | None]] | None = None
    oauth: OAuth | None = None
    sessions: Sessions | None = None
