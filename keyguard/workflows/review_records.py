"""Audit records of reviews: to each venue what concerns its keys, under the venue's names (KGA/1 §5.3)."""

from __future__ import annotations

from typing import Any

from keyguard.core.keys import Key, scope_names
from keyguard.core.reviews import Review, ReviewItem
from keyguard.ports.all import Ports
from keyguard.workflows.people_records import Namers
from keyguard.workflows.records import instant


def opened(ports: Ports, named: Namers, review: Review) -> None:
    """Append `review.open` to every venue with a key of it."""
    for venue, items in _by_venue(ports, review.items).items():
        names = named[venue]
        told: list[dict[str, Any]] = []
        for item, keys in items:
            facts: dict[str, Any] = {
                "item": names.record_id(item.grant),
                "person": names.person(item.person),
                "keys": [
                    ports.inventory.live_version(key.id).fingerprint for key in keys if _lives(ports, key)
                ],
                "handouts": item.handouts,
                "excess": list(scope_names(item.excess)),
            }
            if item.last is not None:
                facts["last"] = instant(item.last)
            told.append(facts)
        body = {
            "review": names.record_id(review.id),
            "items": told,
            "reviewers": [names.person(one) for one in review.reviewers],
            "due": instant(review.due),
        }
        ports.audit.append(venue, "review.open", body, private=private(review))


def decided(ports: Ports, named: Namers, review: Review, item: ReviewItem) -> None:
    """Append `review.decide`."""
    assert item.verdict is not None
    for venue in _by_venue(ports, (item,)):
        body = {
            "review": named[venue].record_id(review.id),
            "item": named[venue].record_id(item.grant),
            "decision": item.verdict.value,
            "by": named[venue].person(item.by),
        }
        if item.reason:
            body["reason"] = item.reason
        private = {"grant": item.grant, "by": item.by}
        ports.audit.append(venue, "review.decide", body, private=private)


def applied(ports: Ports, named: Namers, review: Review, item: ReviewItem) -> None:
    """Append `review.apply`."""
    for venue in _by_venue(ports, (item,)):
        body = {
            "review": named[venue].record_id(review.id),
            "item": named[venue].record_id(item.grant),
            "result": item.result,
        }
        ports.audit.append(venue, "review.apply", body, private={"grant": item.grant})


def suspended(ports: Ports, named: Namers, review: Review, item: ReviewItem) -> None:
    """Append `review.suspend`: since then nothing is handed out under the grant."""
    for venue in _by_venue(ports, (item,)):
        body = {
            "review": named[venue].record_id(review.id),
            "item": named[venue].record_id(item.grant),
            "from": instant(review.suspends_at),
        }
        ports.audit.append(venue, "review.suspend", body, private={"grant": item.grant})


def closed(ports: Ports, named: Namers, review: Review) -> None:
    """Append `review.close` with the counts of that venue's items."""
    for venue, items in _by_venue(ports, review.items).items():
        answers = [item for item, _ in items]
        body = {
            "review": named[venue].record_id(review.id),
            "by": named[venue].person(review.closed_by),
            "decided": sum(item.verdict is not None for item in answers),
            "undecided": sum(item.verdict is None for item in answers),
            "changed": sum(item.result in ("ended", "reduced") for item in answers),
        }
        ports.audit.append(venue, "review.close", body, private={"review": review.id})


def private(review: Review) -> dict[str, Any]:
    """What only the auditor sees of a review."""
    return {
        "review": review.id,
        "desk": review.desk,
        "external": review.external,
        "grants": [item.grant for item in review.items],
        "reviewers": list(review.reviewers),
        "opened_by": review.opened_by,
        "closed_by": review.closed_by,
    }


def _by_venue(ports: Ports, items: tuple[ReviewItem, ...]) -> dict[str, list[tuple[ReviewItem, list[Key]]]]:
    keys = {key.id: key for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    found: dict[str, list[tuple[ReviewItem, list[Key]]]] = {}
    for item in items:
        mine = [keys[one] for one in item.keys if one in keys]
        for venue in sorted({key.venue for key in mine}):
            found.setdefault(venue, []).append((item, [key for key in mine if key.venue == venue]))
    return found


def _lives(ports: Ports, key: Key) -> bool:
    return key.id in ports.inventory.live_versions([key.id])
