"""A venue as the recipient of an attestation."""

from __future__ import annotations

from keyguard.core.errors import UsageError
from keyguard.core.slots import slot
from keyguard.ports.all import Ports
from keyguard.workflows.attest_predicate import Recipient


def for_venue(ports: Ports, venue: str, *, kind: str = "exchange", name: str = "") -> Recipient:
    """`name`: how it is called, else its own name. UsageError `attest.venue` for what is none."""
    try:
        known = slot(venue) != 0
    except ValueError:
        known = False
    if not known:
        raise UsageError(f"no venue {venue!r}", code="attest.venue", still="nothing was issued")
    return Recipient(venue, kind, name or _called(ports, venue), venue)


def _called(ports: Ports, venue: str) -> str:
    """By its slot's name where this version has no adapter for it."""
    try:
        return ports.gateway.adapter(venue).facts.name
    except UsageError:
        return venue
