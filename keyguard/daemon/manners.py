"""What `[alerts]` in the configuration may say: when alerts are repeated, escalated and held back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from keyguard.core.alerts import Manners, QuietHours
from keyguard.core.errors import UsageError

_NUMBERS = ("repeat_s", "escalate_after_s")
_TEXTS = ("quiet", "zone")
_SPAN = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)", re.ASCII)


def manners(table: Mapping[str, int | str]) -> Manners:
    """Read the table; UsageError `alerts.settings` names what is wrong."""
    for name, value in table.items():
        if name not in (*_NUMBERS, *_TEXTS):
            raise _wrong(f"[alerts] has no setting {name!r}")
        if name in _NUMBERS and (type(value) is not int or value < 1):
            raise _wrong(f"[alerts] {name}: seconds, a whole number above 0")
        if name in _TEXTS and not isinstance(value, str):
            raise _wrong(f"[alerts] {name}: a text")
    usual = Manners()
    return Manners(
        timedelta(seconds=int(table.get("repeat_s", usual.repeat.total_seconds()))),
        timedelta(seconds=int(table.get("escalate_after_s", usual.escalate_after.total_seconds()))),
        _quiet(str(table.get("quiet", "")), str(table.get("zone", ""))),
    )


def _quiet(span: str, zone: str) -> QuietHours | None:
    if not span:
        return None
    parsed = _SPAN.fullmatch(span)
    try:
        if parsed is None:
            raise ValueError
        begin, end = (time.fromisoformat(text) for text in parsed.groups())
    except ValueError:
        raise _wrong('[alerts] quiet: such as "22:00-07:00"') from None
    return QuietHours(begin, end, _zone(zone))


def _zone(name: str) -> tzinfo:
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _wrong('[alerts] zone: such as "Asia/Seoul"') from None


def _wrong(what: str) -> UsageError:
    return UsageError(
        what, code="alerts.settings", still="no daemon was started", hint="docs/daemon.md lists them"
    )
