"""Checks that several venues' adapters share: of what a venue answered, and of what is asked of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.core.exchange import ScopeNames
from keyguard.core.keys import Scope, scope_names


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


def instant(value: str) -> datetime:
    """Parse an ISO 8601 instant with its offset into UTC; raises ValueError without an offset."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("an instant without an offset")
    return moment.astimezone(UTC)


def demand_exact(venue: str, names: ScopeNames, grants: tuple[str, ...], scopes: Scope, *, hint: str) -> None:
    """Raise UsageError unless the grants add up to exactly the scopes, and to some (promise 5)."""
    try:
        given = names.read(grants)
    except ValueError:
        raise UsageError(
            f"{venue} has no permission of that name", code="exchange.cannot_grant", still=_STILL
        ) from None
    if given != scopes or not scopes:
        raise cannot_grant(venue, scopes, hint=hint)


def cannot_grant(venue: str, scopes: Scope, *, hint: str) -> UsageError:
    """The refusal of a key specification that the venue could only meet roughly."""
    asked = ", ".join(scope_names(scopes)) or "none"
    return UsageError(
        f"{venue} cannot grant exactly these scopes: {asked}",
        code="exchange.cannot_grant",
        still=_STILL,
        hint=hint,
    )


_STILL = "nothing was changed"
