"""Reviews by themselves: opened when due, where the firm chose so, and on record when silence suspends.

For the daemon, on every host: what another did is seen in the transaction and not done again.
"""

from __future__ import annotations

from keyguard.core.errors import UsageError
from keyguard.core.reviews import Review
from keyguard.ports.all import Ports
from keyguard.workflows import people_records as told
from keyguard.workflows import radar_reviews, review_records, reviews

_NOTE = "review/suspended"


def keep(ports: Ports, *, auto: bool) -> int:
    """Open what is due if `auto`, record suspensions that began; returns how many of both there were.

    A review that cannot be opened stays on the radar. Raises StoreError where the store is locked.
    """
    opened = _open_due(ports) if auto else 0
    return opened + _record_suspensions(ports)


def _open_due(ports: Ports) -> int:
    opened, tried = 0, set()
    while True:
        now = ports.clock.now()
        # Looked up anew each time: a desk's whole review covers that of other companies' people.
        overdue = [
            (desk, external)
            for desk, external, at in radar_reviews.due(ports, now)
            if at <= now and (desk, external) not in tried
        ]
        if not overdue:
            return opened
        desk, external = overdue[0]
        tried.add((desk, external))
        try:
            reviews.open_due(ports, desk, external=external)
        except UsageError:
            continue  # another host was faster, or the last grant has just ended
        opened += 1


def _record_suspensions(ports: Ports) -> int:
    now = ports.clock.now()
    waiting = [one for one in ports.people.reviews() if _suspends(ports, one)]
    if not waiting:
        return 0
    named, recorded = told.namers(ports), 0
    for review in waiting:
        with ports.inventory.transaction():
            current = next(one for one in ports.people.reviews() if one.id == review.id)
            if not current.is_open():
                continue
            gone = {grant.id for grant in ports.people.grants() if grant.span.gone(now)}
            noted = ports.people.notes(f"{_NOTE}/{review.id}/")
            for item in current.undecided:
                note = f"{_NOTE}/{review.id}/{item.grant}"
                if item.grant not in gone and note not in noted:
                    review_records.suspended(ports, named, current, item)
                    ports.people.note(note, now.isoformat())
                    recorded += 1
    return recorded


def _suspends(ports: Ports, review: Review) -> bool:
    """Whether it has suspended something that may not be on record yet; cheap, for it is asked often."""
    if not review.is_open() or review.suspends_at > ports.clock.now():
        return False
    noted = ports.people.notes(f"{_NOTE}/{review.id}/")
    return any(f"{_NOTE}/{review.id}/{item.grant}" not in noted for item in review.undecided)
