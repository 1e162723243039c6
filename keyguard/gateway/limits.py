"""When to send again and how long to wait first. Decisions only; nobody waits here.

Sources of the headers, read 2026-11-20: Retry-After RFC 9110 §10.2.3; X-Bapi-* Bybit v5 "rate limit";
Remaining-Req Upbit REST guide.
"""

from __future__ import annotations

import heapq
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from keyguard.core.errors import KeyguardError, Refused
from keyguard.core.exchange import Effect, Fault, Limit
from keyguard.gateway.outcomes import Answer, Attempt, Loss, proves_nothing

MAX_TRIES = 3
MAX_WAIT_S = 10.0
"""What all waits of one call may add up to."""

_FIRST_WAIT_S = 0.5
_JITTER_MS = 1000  # by which a measurement of the venue's clock may move it
_TRANSIENT = frozenset({Loss.UNCONNECTED, Loss.PROXY, Loss.SILENT, Loss.CUT_OFF})
# Venues that block an address for a time answer 403 (Bybit) or 418 (Upbit), and asking again prolongs it.
_BLOCKED = frozenset({403, 418})


def retry_wait(
    effect: Effect,
    error: KeyguardError,
    attempt: Attempt,
    *,
    tries: int,
    waited: float,
    now_ms: int,
    chance: float,
) -> float | None:
    """Return the seconds to wait before the next try, None to give up.

    `tries` and `waited` count what was spent so far, `now_ms` is the venue's clock, `chance` lies in
    [0, 1) and spreads clients that failed together. A request with an effect is never sent again.
    """
    if effect is not Effect.NONE or tries >= MAX_TRIES:
        return None
    advice = advised_wait(attempt.reply.headers, now_ms) if isinstance(attempt, Answer) else None
    if not _passes(error, attempt, advised=advice is not None):
        return None
    backoff = _FIRST_WAIT_S * 2 ** (tries - 1) * (1 + chance)
    wait = max(backoff, advice or 0.0)
    return wait if waited + wait <= MAX_WAIT_S else None


def _passes(error: KeyguardError, attempt: Attempt, *, advised: bool) -> bool:
    """Whether the same request may well succeed in a moment."""
    if isinstance(attempt, Loss):
        return attempt in _TRANSIENT
    if not isinstance(error, Refused):
        return False
    if error.fault is Fault.RATE:
        return advised or error.http_status not in _BLOCKED
    return proves_nothing(error.fault, error.http_status)


def advised_wait(headers: Mapping[str, str], now_ms: int) -> float | None:
    """Return how many seconds the venue asks to wait before the next request, None if it does not."""
    waits = [w for read in (_retry_after, _bybit, _upbit) if (w := read(headers, now_ms)) is not None]
    return max(max(waits), 0.0) if waits else None


def _retry_after(headers: Mapping[str, str], now_ms: int) -> float | None:
    value = headers.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return (at - datetime.fromtimestamp(now_ms / 1000, UTC)).total_seconds()


def _bybit(headers: Mapping[str, str], now_ms: int) -> float | None:
    reset = headers.get("x-bapi-limit-reset-timestamp", "")
    if headers.get("x-bapi-limit-status") != "0" or not re.fullmatch(r"[0-9]{1,15}", reset):
        return None
    return (int(reset) - now_ms) / 1000


def _upbit(headers: Mapping[str, str], now_ms: int) -> float | None:
    # Only `sec`, what is left of this second, has a meaning.
    return 1.0 if re.search(r"(^|;)\s*sec=0\s*(;|$)", headers.get("remaining-req", "")) else None


class Pace:
    """Remembers which budgets are spent, and until when.

    A budget belongs to a venue, a calling key and a path: Bybit counts so. Where a venue counts more
    widely (Upbit: a group of paths) the refusal is what slows us down.
    """

    def __init__(self) -> None:
        self._ready_ms: dict[tuple[str, str, str], int] = {}

    def note(self, budget: tuple[str, str, str], headers: Mapping[str, str], now_ms: int) -> None:
        """Take in the headers of an answer; `now_ms` is the venue's clock."""
        wait = advised_wait(headers, now_ms)
        if wait:
            self._ready_ms[budget] = now_ms + round(wait * 1000)
        else:
            self._ready_ms.pop(budget, None)

    def wait(self, budget: tuple[str, str, str], now_ms: int) -> float:
        """Return the seconds to wait before sending; bounded, since a venue's clock may be anything."""
        return min(max(self._ready_ms.get(budget, 0) - now_ms, 0) / 1000, MAX_WAIT_S)


class Spacing:
    """Keeps to the limit a venue documents before the venue has to refuse; for several threads.

    A call counts from the moment it was to be sent, and once it is answered from then on: when it reached
    the venue lies between the two, and calls that follow too closely upon one that was late would be refused.
    """

    def __init__(self) -> None:
        self._counted_ms: dict[tuple[str, str], list[int]] = {}  # a heap each
        self._asked_ms: dict[tuple[str, str], int] = {}
        self._counting = threading.Lock()

    def wait(self, venue: str, public_id: str, limit: Limit | None, now_ms: int) -> float:
        """Return the seconds until a call with this key may be sent, and count it as sent then."""
        if limit is None:
            return 0.0
        budget = _budget(venue, public_id, limit)
        with self._counting:
            counted = self._counted_ms.setdefault(budget, [])
            if now_ms + _JITTER_MS < self._asked_ms.get(budget, now_ms):
                counted.clear()  # our clock was set back: what was counted lies in its future
            self._asked_ms[budget] = now_ms
            free_ms = now_ms
            if len(counted) == limit.calls:
                free_ms = max(now_ms, heapq.heappop(counted) + round(limit.span.total_seconds() * 1000))
            heapq.heappush(counted, free_ms)
        return (free_ms - now_ms) / 1000

    def answered(self, venue: str, public_id: str, limit: Limit | None, sent_ms: int, now_ms: int) -> None:
        """Count the call that was to be sent at `sent_ms` as one of `now_ms`: it is over."""
        if limit is None or now_ms <= sent_ms:
            return
        with self._counting:
            counted = self._counted_ms.get(_budget(venue, public_id, limit), [])
            if sent_ms in counted:
                counted[counted.index(sent_ms)] = now_ms
                heapq.heapify(counted)


class AtOnce(Spacing):
    """Keeps to no limit: for simulated venues, where what is prepared must not take minutes."""

    def wait(self, venue: str, public_id: str, limit: Limit | None, now_ms: int) -> float:
        """None."""
        return 0.0


def _budget(venue: str, public_id: str, limit: Limit) -> tuple[str, str]:
    return venue, "" if limit.shared else public_id
