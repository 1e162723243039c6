"""When a key dies by itself: by the venue's word, else by the venue's rules applied to what is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from keyguard.core.exchange import Facts, KeyReport
from keyguard.core.keys import Origin


@dataclass(frozen=True, slots=True)
class Deadline:
    """One end. `rule` says why in a few words, `source` where that stands ("" for the venue's own word)."""

    rule: str
    at: datetime
    origin: Origin
    source: str = ""


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
    latest = "" if report.created_at else ", at the latest"
    source = f"{facts.docs} (read {facts.checked})"

    def add(rule: str, begin: datetime | None, life: timedelta | None) -> None:
        if begin is not None and life is not None:
            found.append(Deadline(rule.format(life.days), begin + life, Origin.INFERRED, source))

    if report.expires_at is None:
        born = report.created_at or known_since
        add("fixed life of {} days" + latest, born, facts.lifetime)
        if report.ips == ():
            add("life of {} days without an IP list" + latest, born, facts.no_ip_expiry)
    add("{} days without use", seen, facts.idle_expiry)
    return tuple(sorted(found, key=lambda deadline: deadline.at))
