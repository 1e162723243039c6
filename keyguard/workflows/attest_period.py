"""The period of an attestation: as a person types it, as records have it, as a statement says it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from keyguard.core import canonical
from keyguard.core.errors import UsageError
from keyguard.kga.derive.lines import Period


def period_of(since: str, until: str, tz: str, now: datetime) -> Period:
    """From the first day to the last included one, in this time zone; `now` ends it at this instant.

    A day may have an hour (`2026-11-20T09:00`), which is then the first instant not included. UsageError
    `attest.period`: no such day, nothing between, or an end that is still to come.
    """
    zone = _zone(tz)
    start = _instant(since, zone, now, last=False)
    end = _instant(until, zone, now, last=True)
    if not start < end:
        raise _refused(f"{since} to {until} is no time at all")
    if end > now:
        raise _refused(f"{until} is not over yet", "name a last day that is over, or --to now")
    return Period(canonical.format_instant(start), canonical.format_instant(end), tz)


def spoken(period: Period) -> str:
    """As people read it: the last day is included; with hours where a bound is no midnight."""
    zone = ZoneInfo(period.tz)
    since, until = (canonical.parse_instant(at).astimezone(zone) for at in (period.since, period.until))
    if since.time() == until.time() == time():
        last = (until - timedelta(microseconds=1)).date()
        return f"{since.date()} – {last} ({period.tz})"
    return f"{since:%Y-%m-%d %H:%M} – {until:%Y-%m-%d %H:%M} ({period.tz})"


def _instant(typed: str, zone: ZoneInfo, now: datetime, *, last: bool) -> datetime:
    if typed == "now" and last:
        return now
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        raise _refused(f"{typed!r} is no day", "2026-09-30, 2026-09-30T18:00 or, as the end, now") from None
    if last and "T" not in typed and " " not in typed:
        at = datetime.combine(at.date() + timedelta(days=1), time())
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        raise _refused(f"there is no time zone {name!r}", "such as Asia/Seoul") from None


def _refused(what: str, hint: str = "") -> UsageError:
    return UsageError(what, code="attest.period", still="nothing was issued", hint=hint)
