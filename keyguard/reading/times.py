"""Instants and periods as people read them: in the period's own time zone, with UTC beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from keyguard.core import canonical

_KOREA = "Asia/Seoul"


def zone_name(period: Mapping[str, Any]) -> str:
    """How the period's time zone is called in print."""
    return "KST" if period["tz"] == _KOREA else str(period["tz"])


def local(instant: str, tz: str) -> datetime:
    """The instant in a time zone."""
    return canonical.parse_instant(instant).astimezone(ZoneInfo(tz))


def both(instant: str | None, tz: str) -> list[str]:
    """Two lines: local time, and UTC with its date where that is another; one dash for none."""
    if instant is None:
        return ["–"]
    here = local(instant, tz)
    there = here.astimezone(UTC)
    form = "%H:%M UTC" if here.date() == there.date() else "%m-%d %H:%M UTC"
    return [here.strftime("%Y-%m-%d %H:%M"), there.strftime(form)]


def one_line(instant: str | None, tz: str) -> str:
    """Local time with UTC in brackets."""
    here, *there = both(instant, tz)
    return f"{here} ({there[0]})" if there else here


def period_text(period: Mapping[str, Any]) -> str:
    """From the first to the last included day; with the hours where a bound is not a midnight."""
    since, until = local(period["from"], period["tz"]), local(period["to"], period["tz"])
    if since.time() == until.time() == time():
        last = (until - timedelta(microseconds=1)).date()
        return f"{since.date()} – {last} ({zone_name(period)})"
    return f"{since:%Y-%m-%d %H:%M} – {until:%Y-%m-%d %H:%M} ({zone_name(period)})"
