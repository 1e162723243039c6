"""When a key dies by itself: by the venue's word, else by the venue's rules applied to what is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from keyguard.core.exchange import Facts, KeyReport, Life, Since
from keyguard.core.keys import Origin


@dataclass(frozen=True, slots=True)
class Deadline:
    """One end. `rule` says why in a few words, `source` where that stands ("" for the venue's own word).
    `idle`: using the key puts it off."""

    rule: str
    at: datetime
    origin: Origin
    source: str = ""
    idle: bool = False


def deadlines(
    report: KeyReport, facts: Facts, *, known_since: datetime | None = None, seen: datetime | None = None
) -> tuple[Deadline, ...]:
    """Return all ends that are known, the next one first. Instants are UTC.

    `known_since`: the key existed then, which counts where the venue does not tell its birth: it may die
    earlier, never later. `seen`: the venue last answered a call signed with it, which ends an idle time.
    """
    found = []
    if report.expires_at is not None:
        found.append(Deadline("the venue's date", report.expires_at, report.expiry_origin))
    for life in facts.lives:
        begin = seen if life.since is Since.USE else report.created_at or known_since
        told = life.since is Since.ISSUE and report.expires_at is not None
        if begin is not None and not told and life.holds_for(report):
            idle = life.since is Since.USE
            end = begin + life.span
            found.append(Deadline(_words(life, report), end, Origin.INFERRED, life.source, idle))
    return tuple(sorted(found, key=lambda deadline: deadline.at))


def _words(life: Life, report: KeyReport) -> str:
    days = life.span.days
    if life.since is Since.USE:
        return f"{days} days without use" + (" and without an IP list" if life.open_only else "")
    rule = f"life of {days} days without an IP list" if life.open_only else f"fixed life of {days} days"
    return rule if report.created_at else f"{rule}, at the latest"
