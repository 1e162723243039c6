"""Blast radius over the firm: what a thief of each key could do now, the worst first. Asks no venue."""

from __future__ import annotations

from collections.abc import Sequence

from keyguard.core import policy
from keyguard.core.danger import Danger, danger, worst_first
from keyguard.core.keys import Key, KeyVersion, VersionStatus
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Lease


def dangers(ports: Ports, keys: Sequence[Key]) -> list[Danger]:
    """Rank keys by what their venues said of them last. A key whose versions are all dead is left out."""
    live = ports.inventory.live_versions([key.id for key in keys])
    versions = {key.id: live.get(key.id) or _working(ports, key) for key in keys}
    known = [version.id for version in versions.values() if version is not None]
    seen = ports.inventory.last_observations(known)
    leases = ports.inventory.running_leases()
    now, found = ports.clock.now(), []
    for key in keys:
        if (version := versions[key.id]) is None:
            continue
        report = seen[version.id].report if version.id in seen else None
        ends = policy.expiry(report, ports.gateway.adapter(key.venue).facts) if report else None
        found.append(
            danger(
                key,
                report,
                now=now,
                ends_at=ends[0] if ends else None,
                holders=holders(leases, version),
            )
        )
    return worst_first(found)


def holders(leases: Sequence[Lease], version: KeyVersion) -> tuple[str, ...]:
    """Who was handed this version and still runs, in words."""
    return tuple(f"{lease.command} ({lease.process})" for lease in leases if lease.version_id == version.id)


def _working(ports: Ports, key: Key) -> KeyVersion | None:
    """Of a key that no hand-out gives any more: the last version that is not dead."""
    alive = [one for one in ports.inventory.versions(key.id) if one.status is not VersionStatus.DEAD]
    return alive[-1] if alive else None
