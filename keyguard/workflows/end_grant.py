"""End a grant. Never needs a second person: to take away is always allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from keyguard.core.errors import UsageError
from keyguard.core.people import Grant
from keyguard.ports.all import Ports
from keyguard.workflows import people_records as told
from keyguard.workflows.authority import acting
from keyguard.workflows.identity import Actor


def end(ports: Ports, wanted: str, *, actor: Actor, reason: str) -> Grant:
    """End one grant now; the next hand-out is refused. UsageError `grant.unknown`, `people.ended`."""
    named = told.namers(ports)
    with ports.inventory.transaction():
        grant = find(ports, wanted)
        if grant.span.ended_at is not None:
            raise UsageError(
                f"{grant.id} has ended already", code="people.ended", still="nothing was changed"
            )
        return end_one(ports, named, grant, by=acting(ports, actor).id, reason=reason)


def end_one(
    ports: Ports, named: told.Namers, grant: Grant, *, by: str, reason: str, at: datetime | None = None
) -> Grant:
    """End a grant within a transaction of the caller: recorded first."""
    ended = replace(grant, span=replace(grant.span, ended_at=at or ports.clock.now()))
    private = told.private_grant(ended) | {"by": by, "reason": reason}
    told.change(ports, named, "grant", grant.id, "ended", private)
    told.grant_ended(ports, named, ended, by=by, reason=reason)
    ports.people.put_grant(ended)
    return ended


def find(ports: Ports, wanted: str) -> Grant:
    """By id or an unambiguous beginning of it; UsageError `grant.unknown`."""
    ids = (wanted, f"gr_{wanted}")
    found = [grant for grant in ports.people.grants() if wanted and grant.id.startswith(ids)]
    if len(found) != 1:
        what = "no grant" if not found else f"{len(found)} grants begin with"
        raise UsageError(
            f"{what} {wanted!r}", code="grant.unknown", hint="keyguard grant list --all shows all"
        )
    return found[0]
