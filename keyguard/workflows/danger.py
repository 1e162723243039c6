"""In which order to end or replace keys: what a thief could do with each, the worst first."""

from __future__ import annotations

from collections.abc import Iterable

from keyguard.core.danger import rank
from keyguard.core.keys import Environment, Key, KeyVersion, Scope, VersionStatus
from keyguard.ports.all import Ports
from keyguard.workflows.rights import able, key_scopes


def working(ports: Ports, key: Key) -> tuple[KeyVersion, ...]:
    """The versions that may still work at the venue, oldest first."""
    return tuple(v for v in ports.inventory.versions(key.id) if v.status is not VersionStatus.DEAD)


def any_address(ports: Ports, version: KeyVersion) -> bool:
    """Whether it works from anywhere, as far as is known."""
    seen = ports.inventory.last_observation(version.id)
    return seen is None or not seen.report.ips


def holders(ports: Ports, keys: Iterable[Key]) -> dict[str, int]:
    """How many people can have each key, by key id: who may use it, and whose process runs with it."""
    keys = list(keys)
    may = {key_id: set(people) for key_id, people in able(ports, keys).items()}
    for key in keys:
        for version in working(ports, key):
            may[key.id] |= {lease.person for lease in ports.inventory.open_leases(version.id) if lease.person}
    return {key_id: len(people) for key_id, people in may.items()}


def ordered(ports: Ports, keys: Iterable[Key]) -> list[Key]:
    """The worst first: real money, what it can do, from where it works, in how many hands it is."""
    keys = list(keys)
    hands = holders(ports, keys)

    def order(key: Key) -> tuple[object, ...]:
        versions = working(ports, key)
        last = versions[-1] if versions else None
        scopes = key_scopes(ports, key, last) if last else Scope.NONE
        pinned = last is not None and not any_address(ports, last)
        return (key.environment is not Environment.LIVE, rank(scopes), pinned, -hands[key.id], key.name)

    return sorted(keys, key=order)
