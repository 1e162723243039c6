"""What is wrong with a key: warnings computed from what its venue said, what is declared and the rules.

Codes are those of KGA/1 §10. Each warning carries how its fact is known, so that an inference is never
shown as the venue's word (promise 10).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyguard.core.danger import stolen
from keyguard.core.exchange import Facts, KeyReport, Since
from keyguard.core.expiry import deadlines
from keyguard.core.keys import DANGEROUS, Key, Origin, Scope, scope_names

SOON = timedelta(days=7)
"""An expiry closer than this is a warning, not a notice; venues remind their users at 7 days too."""


_GRAVE = Scope.WITHDRAW | Scope.MANAGE_KEYS


class Level(enum.Enum):
    """Severity in the words of KGA/1 §10, worst first."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class KeyWarning:
    """One thing a person should know of a key. `text` needs no further context but the key's name."""

    code: str
    level: Level
    text: str
    origin: Origin


def warnings(key: Key, report: KeyReport, facts: Facts, now: datetime) -> tuple[KeyWarning, ...]:
    """Return all warnings, the worst first. `now` is UTC."""
    found = [
        *_scopes(key, report),
        *_addresses(report, facts),
        *_expiry(report, facts, now),
        *_untold(report),
    ]
    order = list(Level)
    return tuple(sorted(found, key=lambda w: (order.index(w.level), w.code)))


def expiry(report: KeyReport, facts: Facts) -> tuple[datetime, Origin] | None:
    """Return when the key dies by itself and how that is known; None if no rule says so.

    The venue's own word wins; else the venue's rules applied to the day of creation.
    """
    found = deadlines(report, facts)
    return (found[0].at, found[0].origin) if found else None


def excess_of(key: Key, report: KeyReport) -> Scope:
    """What it holds beyond its declared needs; of a key without any, what empties an account."""
    return report.scopes & ~key.needs if key.needs else report.scopes & DANGEROUS


def excess_text(key: Key, report: KeyReport) -> str:
    """Its excess and what a thief would do with it, in words; "" where there is none."""
    if not (excess := excess_of(key, report)):
        return ""
    return f"{_excess_words(key, excess)}: {stolen(excess)}"


def _excess_words(key: Key, excess: Scope) -> str:
    why = "its purpose does not need" if key.needs else "no declared purpose needs"
    return f"may {_words(excess)}, which {why}"


def _scopes(key: Key, report: KeyReport) -> list[KeyWarning]:
    found = []
    if excess := excess_of(key, report):
        told = excess & _GRAVE  # what a thief makes of it stands in F02
        text = _excess_words(key, excess) if told else excess_text(key, report)
        found.append(KeyWarning("F01", Level.MEDIUM, text, report.scopes_origin))
    if grave := report.scopes & _GRAVE:
        found.append(
            KeyWarning("F02", Level.HIGH, f"{_words(grave)} enabled: {stolen(grave)}", report.scopes_origin)
        )
    return found


def _addresses(report: KeyReport, facts: Facts) -> list[KeyWarning]:
    if report.ips != () or facts.max_ips == 0:
        return []
    text = "no IP list: works from any address"
    for life in facts.lives:
        if life.open_only and life.holds_for(report):
            idle = " without use" if life.since is Since.USE else ""
            text += f"; {facts.name} ends keys without one after {life.span.days} days{idle}"
    return [KeyWarning("F03", Level.MEDIUM, text, report.ips_origin)]


def _expiry(report: KeyReport, facts: Facts, now: datetime) -> list[KeyWarning]:
    found = []
    if not report.enabled:
        found.append(KeyWarning("F05", Level.MEDIUM, "disabled at the venue", Origin.REPORTED))
    if (known := expiry(report, facts)) is not None:
        at, origin = known
        day = f"{at:%Y-%m-%d %H:%M} UTC"
        if at <= now:
            found.append(KeyWarning("F05", Level.MEDIUM, f"expired {day}", origin))
        else:
            level = Level.MEDIUM if at - now <= SOON else Level.LOW
            found.append(KeyWarning("F05", level, f"expires {day}", origin))
    return found


def _untold(report: KeyReport) -> list[KeyWarning]:
    found = []
    if report.scopes_unknown:
        text = f"may also {_words(report.scopes_unknown)}: the venue does not tell"
        found.append(KeyWarning("F19", Level.LOW, text, Origin.UNKNOWN))
    if report.scopes_origin in (Origin.DECLARED, Origin.UNKNOWN):
        text = "scopes were never observed at the venue"
        found.append(KeyWarning("F19", Level.LOW, text, report.scopes_origin))
    if report.ips is None or report.ips_origin is Origin.DECLARED:
        text = "the venue does not tell the IP list"
        found.append(KeyWarning("F19", Level.LOW, text, report.ips_origin))
    return found


def _words(scopes: Scope) -> str:
    return ", ".join(scope_names(scopes))
