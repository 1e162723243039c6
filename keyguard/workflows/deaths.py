"""A key that dies without us: noticed wherever a venue is asked with it, and not asked about again in a loop.

A venue may end a key that it suspects of being shared, for good (docs/incidents.md). Whoever then makes a new
one in haste answers a question the venue has not asked yet.
"""

from __future__ import annotations

from datetime import timedelta

from keyguard.core import expiry
from keyguard.core.errors import Refused, UsageError
from keyguard.core.exchange import Fault
from keyguard.core.incidents import Incident
from keyguard.core.keys import Key, KeyKind, KeyVersion, VersionStatus
from keyguard.ports.all import Ports
from keyguard.workflows import incidents, records

DEATH = frozenset({Fault.KEY_UNKNOWN, Fault.KEY_EXPIRED, Fault.KEY_DISABLED})
"""Faults that can only mean that the venue does not accept this key any more."""

EARLY = timedelta(days=1)
"""A key may end so much before the end that is known: venues tell days, and in their own time zone."""


def noticed(
    ports: Ports, key: Key, version: KeyVersion, refusal: Refused | None, shown: str = ""
) -> Incident | None:
    """Open the incident of a death that nobody expected, once; None where there is nothing to it.

    `refusal` None: the venue answered that the key is disabled, or `shown` says how its death shows. Expected
    is what a workflow of ours does, what we have revoked, and the end that the venue told or its rules say.
    """
    if refusal is not None and refusal.fault not in DEATH:
        return None
    if (known := of(ports, version)) is not None:
        return known
    if version.status is not VersionStatus.LIVE or _ours(ports, key, version) or _due(ports, key, version):
        return None
    told = "the venue has it disabled" if refusal is None else f"the venue answers: {refusal.fault.value}"
    how = f"{shown or told}; nobody here ended the key, and no end of it was known"
    return incidents.open_for_death(ports, key, version, how)


def of(ports: Ports, version: KeyVersion) -> Incident | None:
    """The incident of this version's death, open or closed."""
    return ports.incidents.triggered(incidents.death_of(version))


def refuse_asking_again(ports: Ports, key: Key, version: KeyVersion) -> None:
    """UsageError `incident.died` where this version has died: its venue is not asked about it unless a person
    wants it."""
    incident = of(ports, version)
    if incident is not None and incident.open:
        raise UsageError(
            f"it died at its venue (incident {incident.id})",
            code="incident.died",
            hint=f"keyguard key inspect {key.name} asks once more",
        )


def _ours(ports: Ports, key: Key, version: KeyVersion) -> bool:
    if any(workflow.key_id == key.id for workflow in ports.journal.workflows(unfinished=True)):
        return True
    return records.recorded(ports, key.venue, "key.revoke", {"key": version.fingerprint})


def _due(ports: Ports, key: Key, version: KeyVersion) -> bool:
    last = ports.inventory.last_observation(version.id)
    if key.kind is KeyKind.OAUTH and (last is None or last.report.expires_at is None):
        return True  # tokens end by themselves, and the venue did not tell when
    if last is None:
        return False
    facts = ports.gateway.adapter(key.venue).facts
    ends = expiry.deadlines(last.report, facts, known_since=version.created_at, seen=last.at)
    return any(end.at <= ports.clock.now() + EARLY for end in ends)
