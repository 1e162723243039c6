"""Reviews as JSON and in a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keyguard.cli.views import instant
from keyguard.core.keys import scope_names
from keyguard.core.reviews import Review, ReviewItem


def document(review: Review) -> dict[str, Any]:
    """A review with its items."""
    return {
        "id": review.id,
        "desk": review.desk,
        "external": bool(review.external),
        "opened_at": instant(review.span.since),
        "due": instant(review.due),
        "suspends_at": instant(review.suspends_at),
        "closed_at": instant(review.span.ended_at),
        "reviewers": list(review.reviewers),
        "items": [item_document(item) for item in review.items],
    }


def item_document(item: ReviewItem) -> dict[str, Any]:
    """One item; `keys` are ids."""
    return {
        "grant": item.grant,
        "person": item.person,
        "keys": list(item.keys),
        "handouts": item.handouts,
        "last": instant(item.last),
        "excess": scope_names(item.excess),
        "verdict": item.verdict.value if item.verdict else None,
        "by": item.by or None,
        "at": instant(item.at),
        "reason": item.reason,
        "result": item.result or None,
    }


def item_row(item: ReviewItem, names: Mapping[str, str]) -> tuple[str, ...]:
    """One item for a person's eyes."""
    keys = ", ".join(names.get(key, key) for key in item.keys) or "no key yet"
    answer = item.verdict.value if item.verdict else item.result or "waits"
    used = f"{item.last:%Y-%m-%d}, {item.handouts} times" if item.last else "never"
    return item.grant, item.person, keys, used, ", ".join(scope_names(item.excess)), answer


HEADINGS = ("grant", "person", "keys", "last used", "excess", "answer")
