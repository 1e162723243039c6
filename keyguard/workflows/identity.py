"""Who and what, as records name it: salts in the secret store, fingerprints and pseudonyms (KGA/1 §7)."""

from __future__ import annotations

from dataclasses import dataclass, field

from keyguard.core import fingerprints
from keyguard.core.errors import IntegrityError, NotStored, StoreError, UsageError
from keyguard.core.secret import Secret
from keyguard.ports.all import Ports

_SALT_BYTES = 32
SHARED = ("system/fp-salt/", "system/person-salt/")
"""Items that all homes of a firm have alike (KGA/1 §7), so that a person has one name in all logs."""
AGENT_OF = "system/agent-of"
"""In the store of an agent's home: the origin of the primary log, which alone draws salts."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who runs a workflow: the OS user and this machine's name, as the kernel tells them."""

    user: str
    host: str


@dataclass(frozen=True, slots=True)
class Process:
    """A process that is handed a key: pid and start time (clock ticks, as text) name it together.

    `command` is the executable's name without arguments: those may hold anything. `executable` is its
    absolute path, "" where nobody looked.
    """

    pid: int
    started: str
    command: str
    executable: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of keys, persons and hosts in one venue's records."""

    venue: str
    _fp_salt: bytes = field(repr=False)
    _person_salt: bytes = field(repr=False)

    def key(self, public_id: str) -> str:
        """The key fingerprint, which the venue can recompute."""
        return fingerprints.key_fingerprint(self._fp_salt, self.venue, public_id)

    def person(self, internal_id: str) -> str:
        """The person's pseudonym."""
        return fingerprints.person_name(self._person_salt, self.venue, internal_id)

    def host(self, internal_id: str) -> str:
        """The host's pseudonym."""
        return fingerprints.host_name(self._person_salt, self.venue, internal_id)

    def party(self, internal_id: str) -> str:
        """The pseudonym of a party (contractor, affiliate, vendor)."""
        return fingerprints.party_name(self._person_salt, self.venue, internal_id)

    def record_id(self, internal_id: str) -> str:
        """The name of a grant, an approval or an exception (`gr_…`): one per venue, so that two venues
        cannot join their copies by it."""
        prefix = internal_id.partition("_")[0]
        return fingerprints.record_id(self._person_salt, self.venue, prefix, internal_id)


def names(ports: Ports, venue: str) -> Names:
    """Return the namer of one venue (or of `firm`), drawing its salts on first use; StoreError."""
    return Names(
        venue,
        salt(ports, f"system/fp-salt/{venue}"),
        salt(ports, f"system/person-salt/{venue}"),
    )


def salt(ports: Ports, item: str) -> bytes:
    """Return the salt kept as this item of the secret store, drawing it on first use; StoreError."""
    try:
        text = ports.secrets.get(item)
    except NotStored:
        text = _draw(ports, item)
    try:
        value = bytes.fromhex(text.reveal())
    except ValueError:
        value = b""
    if len(value) != _SALT_BYTES:
        raise IntegrityError(f"{item} in the secret store is not a salt", code="store.item")
    return value


def _draw(ports: Ports, item: str) -> Secret:
    if item.startswith(SHARED) and AGENT_OF in ports.secrets.names():
        raise UsageError(
            f"this agent has no salts for {item.rpartition('/')[2]} from the firm's primary home",
            code="agent.salts",
            still="nothing was recorded: with salts of its own nobody could tell that two names are one",
            hint="there: keyguard agent invite --venue V -o FILE; here: keyguard init --agent FILE",
        )
    try:
        ports.secrets.put(item, Secret(ports.clock.token(_SALT_BYTES).hex()))
    except StoreError:
        # Another process may have drawn it since: the one that is stored counts. Else `get` says why.
        return ports.secrets.get(item)
    return ports.secrets.get(item)
