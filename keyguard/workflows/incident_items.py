"""The finding that an open incident is: people are alerted of it as of others."""

from __future__ import annotations

from keyguard.core.findings import Item, Kind
from keyguard.core.incidents import Incident, Step
from keyguard.core.keys import Origin
from keyguard.core.policy import Level


def item(incident: Incident) -> Item:
    """HIGH until it is contained and a person has looked."""
    contained = incident.first(Step.CONTAINED) is not None and not incident.unseen
    where = ", ".join(incident.names or incident.venues) or "no key"
    text = f"{incident.kind.value.replace('_', ' ')}: {where}"
    text += "; nobody has looked yet" if incident.unseen else ""
    if incident.deadline is not None:
        text += f"; answer by {incident.deadline:%Y-%m-%d %H:%M} UTC"
    return Item(
        Kind.INCIDENT,
        Level.MEDIUM if contained else Level.HIGH,
        incident.id,
        text,
        incident.detected_at,
        f"keyguard incident show {incident.id}",
        Origin.REPORTED if incident.trigger else Origin.DECLARED,
    )
