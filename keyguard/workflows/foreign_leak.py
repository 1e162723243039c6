"""A leaked pair that nobody registered and its venue still answers: somebody must end it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from keyguard.core.exchange import Guide, KeyReport
from keyguard.core.findings import Item, Kind
from keyguard.core.keys import Origin
from keyguard.core.policy import Level
from keyguard.ports.all import Ports
from keyguard.workflows import findings


@dataclass(frozen=True, slots=True)
class ForeignLeak:
    """Where it stands and what it is. `fingerprint` is the scanner's; `title` names it without its value."""

    venue: str
    public_id: str
    place: str
    title: str
    fingerprint: str
    origin: Origin


OpenIncident = Callable[[Ports, ForeignLeak, Guide], object]
"""Opens an incident of class `leak` with the venue's steps; once for each fingerprint."""


def answer(ports: Ports, leak: ForeignLeak, open_incident: OpenIncident | None = None) -> Guide | None:
    """Note a pair that was proven alive, open its incident, and return how it is ended at the venue.

    None, and nothing is noted, for a key of ours: its rotation is what answers that. The guide shows two
    characters at either end of the key's id, as reports do.
    """
    if ports.inventory.version_by_public_id(leak.venue, leak.public_id) is not None:
        return None
    adapter = ports.gateway.adapter(leak.venue)
    shown = f"{leak.public_id[:2]}…{leak.public_id[-2:]}"
    guide = adapter.guide_delete(KeyReport(shown, ref=shown))
    guide = replace(guide, page=ports.gateway.page(leak.venue, guide.page))
    text = f"{leak.title}: {adapter.facts.name} answers it, and nobody has registered it here"
    item = Item(
        Kind.LEAK,
        Level.HIGH,
        leak.place,
        text,
        ports.clock.now(),
        f"keyguard key add {leak.venue}",
        leak.origin,
        leak.fingerprint,
    )
    with ports.inventory.transaction():
        findings.note(ports, [item])
    if open_incident is not None:
        open_incident(ports, leak, guide)
    return guide
