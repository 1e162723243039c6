"""A key and secret that were found somewhere, that nobody registered, and that the venue says are alive."""

from __future__ import annotations

from keyguard.core import fingerprints
from keyguard.core.exchange import Guide, KeyReport
from keyguard.core.incidents import Incident, Kind
from keyguard.ports.all import Ports
from keyguard.workflows import incidents
from keyguard.workflows.identity import names


def found_alive(
    ports: Ports, venue: str, public_id: str, *, where: str, can: tuple[str, ...], account: str = ""
) -> Incident | None:
    """Open its incident, once, with the venue's own steps to end it; None for a key of the inventory.

    Nothing of the secret is kept, and of the access key id its fingerprint and its end. `where` and the steps
    are for the desk and stand in no record. Raises UsageError without an adapter for the venue.
    """
    if ports.inventory.version_by_public_id(venue, public_id) is not None:
        return None
    adapter = ports.gateway.adapter(venue)
    ending = fingerprints.hint(public_id)
    shown = f"…{ending}" if ending else "too short to be shown"
    guide = adapter.guide_delete(KeyReport(shown, ref=shown, label=shown, account=account))
    opening = incidents.Opening(
        Kind.LEAK,
        f"a key and its secret that are not registered here were found; the venue answers them "
        f"(scopes: {', '.join(can) or 'not told'})",
        venues=(venue,),
        trigger=f"alive/{names(ports, venue).key(public_id)}",
        for_desk=f"access key {shown}, in {where}. {_steps(ports, venue, guide)}",
    )
    return incidents.open_incident(ports, opening, actor=None)


def _steps(ports: Ports, venue: str, guide: Guide) -> str:
    numbered = (f"{number}. {step}" for number, step in enumerate(guide.steps, start=1))
    return f"End it at {ports.gateway.page(venue, guide.page)}: " + " ".join(numbered)
