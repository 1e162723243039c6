"""One connection, as the methods see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from keyguard.daemon.holders import Holder


@dataclass(slots=True, eq=False)
class Session:
    """Whose connection it is, what it may, and how it is told of changes."""

    holder: Holder
    admin: bool
    notify: Callable[[str, dict[str, Any]], None]
    closed: bool = False
    watched: dict[str, str] = field(default_factory=dict)
    """Key id -> id of the version it was last told of."""
