"""What is: keys, versions, observations, leases. Holds no secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Key, KeyVersion, VersionStatus


@dataclass(frozen=True, slots=True)
class Observation:
    """What a venue said about a key version at an instant (UTC)."""

    version_id: str
    at: datetime
    report: KeyReport


@dataclass(frozen=True, slots=True)
class Lease:
    """One hand-out to a process; it ends with the process. Instants are UTC.

    `pid` and `started` (the process's start time in clock ticks, as text) together name the process, so
    that a reused pid is not taken for it. `ended_at` None: still running as far as we know. `person` and
    `grant_id` say who got it by which grant, "" where nobody was declared or nothing granted. `host` is the
    machine the process runs on, which alone can tell whether it still does; "" where that was not noted.
    """

    id: str
    version_id: str
    pid: int
    started: str
    command: str
    at: datetime
    ended_at: datetime | None = None
    person: str = ""
    grant_id: str = ""
    host: str = ""

    @property
    def process(self) -> str:
        """For people: `pid 7 on tokyo-2`."""
        return f"pid {self.pid} on {self.host}" if self.host else f"pid {self.pid}"

    def is_on(self, host: str) -> bool:
        """Whether its process is this host's to judge. Leases without a host are from before hosts shared a
        database."""
        return self.host in ("", host)


class Inventory(Protocol):
    """Keys and what is known of them. Every method is one transaction; all raise StoreError (exit 3)."""

    def transaction(self) -> AbstractContextManager[None]:
        """Join the calls inside to one transaction: all of them stand on disk afterwards, or none."""
        ...

    def add_key(self, key: Key, version: KeyVersion) -> None:
        """Add a key with its first version; UsageError if the name or the public id is taken."""
        ...

    def update_key(self, key: Key) -> None:
        """Replace the declared facts of a key."""
        ...

    def remove_key(self, key_id: str) -> None:
        """Forget a key, its versions, observations and leases."""
        ...

    def keys(self) -> tuple[Key, ...]:
        """All keys, sorted by name."""
        ...

    def find_key(self, name: str) -> Key:
        """By id, name or any unambiguous part of the name (whole path pieces or their beginning).

        UsageError `key.unknown` or `key.ambiguous`, the latter listing what matches.
        """
        ...

    def versions(self, key_id: str) -> tuple[KeyVersion, ...]:
        """All versions of a key, oldest first."""
        ...

    def version_ids(self) -> frozenset[str]:
        """The ids of all versions of all keys."""
        ...

    def live_version(self, key_id: str) -> KeyVersion:
        """The version a hand-out gives; UsageError `key.no_live_version` if there is none."""
        ...

    def version_by_public_id(self, venue: str, public_id: str) -> KeyVersion | None:
        """The version with this access key id, dead or alive, None if nobody registered it."""
        ...

    def add_version(self, version: KeyVersion) -> None:
        """Add a version to an existing key; adding the same again is fine."""
        ...

    def switch(self, key_id: str, version_id: str) -> None:
        """Make the version LIVE and the one that was live RETIRED, at once. Repeating is fine."""
        ...

    def set_status(self, version_id: str, status: VersionStatus) -> None:
        """Set the status of a version."""
        ...

    def observe(self, observation: Observation) -> None:
        """Keep what a venue said."""
        ...

    def last_observation(self, version_id: str) -> Observation | None:
        """The newest observation of a version."""
        ...

    def last_observations(self, version_ids: Sequence[str]) -> Mapping[str, Observation]:
        """The newest observation of each of these versions; one without is left out."""
        ...

    def add_lease(self, lease: Lease) -> None:
        """Note a hand-out."""
        ...

    def end_lease(self, lease_id: str, at: datetime) -> None:
        """Note that the process ended."""
        ...

    def add_leases(self, leases: Sequence[Lease]) -> None:
        """Note many hand-outs at once."""
        ...

    def end_leases(self, lease_ids: Sequence[str], at: datetime) -> None:
        """Note that many ended; of each the first end counts, and one that is unknown is passed over."""
        ...

    def running_leases(self) -> tuple[Lease, ...]:
        """Leases without an end, of all versions, oldest first."""
        ...

    def live_versions(self, key_ids: Sequence[str]) -> Mapping[str, KeyVersion]:
        """Key id -> the version a hand-out gives; a key without one is left out."""
        ...

    def versions_by_id(self, version_ids: Sequence[str]) -> Mapping[str, KeyVersion]:
        """Those of these versions that exist."""
        ...

    def stamp(self) -> int:
        """A number that is another one after anything was committed, by whomever; it may be without, too.

        Cheap enough for every request, and never waits: whoever keeps an answer asks whether it still holds.
        """
        ...

    def open_leases(self, version_id: str) -> tuple[Lease, ...]:
        """Leases without an end."""
        ...
