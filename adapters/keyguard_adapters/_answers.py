"""Reading what a venue answered: what is not as documented raises ValueError and becomes a bad reply."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from keyguard.core.exchange import KeyReport

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # no call of the system: those fail in ways of their own


def text(value: Any) -> str:
    """Return a non-empty text of an answer; raises ValueError for anything else."""
    if not isinstance(value, str) or not value:
        raise ValueError("a text was expected")
    return value


def rows(value: Any) -> list[Any]:
    """Return a list of an answer; raises ValueError, for "no keys" and "misread" must not look alike."""
    if not isinstance(value, list):
        raise ValueError("a list was expected")
    return value


def whole(value: Any) -> int:
    """Return a count of an answer; raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a whole number was expected")
    return value


def instant(value: str) -> datetime:
    """Parse an ISO 8601 instant with its offset into UTC; raises ValueError without an offset."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("an instant without an offset")
    return moment.astimezone(UTC)


def own(reports: Iterable[KeyReport], public_id: str) -> KeyReport:
    """The one report of this key; raises ValueError where it is missing or told twice."""
    (found,) = [report for report in reports if report.public_id == public_id]
    return found


def from_ms(value: Any) -> datetime:
    """Unix milliseconds, as number or digits, as UTC; raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("milliseconds were expected")
    return _EPOCH + timedelta(milliseconds=int(value))


def commas(value: Any) -> tuple[str, ...]:
    """The entries of a comma-separated text, () for the empty one; raises ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError("a comma-separated text was expected")
    return tuple(entry.strip() for entry in value.split(",")) if value.strip() else ()


def flag(value: Any) -> bool:
    """Return true or false of an answer; raises ValueError for anything else, "false" and 0 included."""
    if not isinstance(value, bool):
        raise ValueError("true or false was expected")
    return value


def from_seconds(value: Any) -> datetime:
    """Unix seconds, as number or digits, as UTC; raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("seconds were expected")
    return _EPOCH + timedelta(seconds=int(value))


def words(value: Any) -> str:
    """Return a text of an answer, which may be empty; raises ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError("a text was expected")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """Return a list of non-empty texts of an answer; raises ValueError for anything else."""
    return tuple(text(one) for one in rows(value))
