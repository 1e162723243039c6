"""Reviews from the terminal UI: what is read for them, and what answers do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyguard.core.people import Decision
from keyguard.core.reviews import Verdict
from keyguard.workflows import approvals, radar_reviews, reviews

if TYPE_CHECKING:
    from datetime import datetime

    from keyguard.core.reviews import Review, ReviewItem
    from keyguard.ports.all import Ports
    from keyguard.tui.work import Doing


@dataclass(frozen=True, slots=True)
class Due:
    """A review that nobody has opened yet, and from when on it is due."""

    desk: str
    external: bool
    at: datetime

    @property
    def id(self) -> str:
        """As lines name it; no review is called so."""
        return f"due {self.desk}{' external' if self.external else ''}"


@dataclass(frozen=True, slots=True)
class Campaigns:
    """All reviews that were opened, oldest first, and those to come, the next first."""

    reviews: tuple[Review, ...] = ()
    due: tuple[Due, ...] = ()


def read(ports: Ports) -> Campaigns:
    """Read them."""
    due = [Due(*one) for one in radar_reviews.due(ports, ports.clock.now())]
    return Campaigns(ports.people.reviews(), tuple(sorted(due, key=lambda one: (one.at, one.id))))


def in_order(items: Sequence[ReviewItem]) -> tuple[ReviewItem, ...]:
    """What should be looked at first: too wide, then not used, then by person."""
    return tuple(sorted(items, key=lambda one: (not one.excess, one.handouts > 0, one.person, one.grant)))


def needs_reason(item: ReviewItem, verdict: Verdict) -> bool:
    """Whether this answer is refused without one."""
    return item.flagged or verdict is not Verdict.KEEP


def opened(
    desk: str, *, external: bool, due: datetime, reviewers: Sequence[str]
) -> Callable[[Doing], object]:
    """Opens a review; the work's result is its id."""

    def work(doing: Doing) -> object:
        made = reviews.open_review(
            doing.ports, desk, actor=doing.actor, external=external, due=due, reviewers=reviewers
        )
        return made.id

    return work


def decided(review: str, grant: str, answer: reviews.Answer, still_works: str) -> Callable[[Doing], object]:
    """Decides an item; tells `still_works` where its person was handed a key that works on."""

    def work(doing: Doing) -> object:
        item = reviews.decide(doing.ports, review, grant, answer, actor=doing.actor)
        if item.result == "ended" and item.versions:
            doing.ports.person.tell(still_works)
        return item.result

    return work


def closed(review: str) -> Callable[[Doing], object]:
    """Closes a review."""
    return lambda doing: reviews.close(doing.ports, review, actor=doing.actor).id


def answered(approval: str, decision: Decision, comment: str) -> Callable[[Doing], object]:
    """Approves or rejects what waits for a second person."""
    return lambda doing: (
        approvals.decide(doing.ports, approval, decision, actor=doing.actor, comment=comment).id
    )
