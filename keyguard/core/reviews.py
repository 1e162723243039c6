"""Reviews: from time to time somebody looks at every grant of a desk and says whether it is still needed.

Silence is an answer too: what nobody decided is suspended a week after the due date, on every host, by the
clock alone. The key is not touched.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyguard.core.keys import Scope
from keyguard.core.people import Span

EVERY = timedelta(days=91)
"""How often the grants of a desk are looked at (KGA/1 §16: quarterly)."""

EXTERNAL_EVERY = timedelta(days=31)
"""The same for those of other companies' people (monthly)."""

DUE_IN = timedelta(days=14)
GRACE = timedelta(days=7)
"""From the due date until what nobody decided is suspended."""


NOTICES = (timedelta(hours=4), timedelta(hours=48))
"""So long before a suspension people are told of it once more (KGA/1 §16)."""

LAST_NOTICE = "4 h"
"""How the finding of the last notice ends, which waits for no quiet hours."""

USE_WINDOW = timedelta(days=90)
"""Hand-outs are counted over so long a time (KGA/1 §16)."""


class Verdict(enum.Enum):
    """What the reviewer said of one grant (KGA/1 §5.3 `review.decide`)."""

    KEEP = "keep"
    REDUCE = "reduce"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One grant as it stood when the review was opened, and what was decided.

    `versions` are those that worked, of keys the person was handed; `handouts` counts how often in the last
    90 days, `last` says when, however long ago.
    `excess` is what the grant lets them do with its keys beyond what the keys' purpose declares.
    """

    grant: str
    person: str
    keys: tuple[str, ...]
    handouts: int = 0
    last: datetime | None = None
    versions: tuple[str, ...] = ()
    excess: Scope = Scope.NONE
    verdict: Verdict | None = None
    by: str = ""
    at: datetime | None = None
    reason: str = ""
    result: str = ""

    @property
    def flagged(self) -> bool:
        """Whether keeping it takes a reason: it is not used, or can do more than is needed."""
        return not self.handouts or bool(self.excess)


@dataclass(frozen=True, slots=True)
class Review:
    """A campaign for one desk; its span is opened, due, closed. `external` "": of everybody, else the word
    for other companies' people alone."""

    id: str
    desk: str
    span: Span
    reviewers: tuple[str, ...]
    items: tuple[ReviewItem, ...]
    opened_by: str
    external: str = ""
    closed_by: str = ""

    @property
    def due(self) -> datetime:
        """When every item should be decided."""
        assert self.span.until is not None
        return self.span.until

    @property
    def suspends_at(self) -> datetime:
        """When what nobody decided is suspended."""
        return self.due + GRACE

    @property
    def undecided(self) -> tuple[ReviewItem, ...]:
        """What waits for an answer."""
        return tuple(item for item in self.items if item.verdict is None)

    def notice(self, now: datetime) -> str:
        """Which notice of a suspension holds now: "48 h", "4 h"; "" before and from its beginning on."""
        left = self.suspends_at - now
        if left <= timedelta(0):
            return ""
        return next((f"{span // timedelta(hours=1)} h" for span in NOTICES if left <= span), "")

    def is_open(self) -> bool:
        """Whether it was not closed."""
        return self.span.ended_at is None


def suspended(reviews: Iterable[Review], now: datetime) -> frozenset[str]:
    """The grants under which nothing is handed out, because nobody said that they are needed."""
    return frozenset(
        item.grant
        for review in reviews
        if review.is_open() and review.suspends_at <= now
        for item in review.undecided
    )
