"""Why a venue refused: by its own code where it gives one, else by the HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keyguard.core.calls import Fault, Reply

STATUSES = {401: Fault.AMBIGUOUS, 404: Fault.NOT_FOUND, 418: Fault.RATE, 429: Fault.RATE}
"""What a bare status means almost everywhere. 403 means scope, address, region or a blocked client."""


def member(reply: Reply, *path: str | int) -> str:
    """The member at this path of an answer as text; "" where there is none, or null, true or a structure."""
    try:
        found: Any = reply.json
        for name in path:
            found = found[name]
    except (ValueError, LookupError, TypeError):
        return ""
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def by_code(
    reply: Reply,
    code: str,
    faults: Mapping[str, Fault],
    statuses: Mapping[int, Fault] = STATUSES,
) -> tuple[Fault, str] | None:
    """Decide by the venue's `code` ("" or "0": it gave none); by HTTP status without one.

    A code we do not know may mean anything: of its status only 418, 429 and 5xx say something.
    """
    if code in ("", "0"):
        if reply.status < 400:
            return None
        return _by_status(reply.status, statuses), str(reply.status)
    if code in faults:
        return faults[code], code
    return _by_status(reply.status, {418: Fault.RATE, 429: Fault.RATE}), code


def _by_status(status: int, statuses: Mapping[int, Fault]) -> Fault:
    return Fault.BUSY if status >= 500 else statuses.get(status, Fault.OTHER)
