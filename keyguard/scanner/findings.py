"""What a scan brings: findings, their parts and places."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from keyguard.core.secret import Secret


class Severity(enum.Enum):
    """What an owner of the finding could do."""

    CRITICAL = "critical"  # signs for a venue: key and secret together
    HIGH = "high"  # a secret or private key on its own
    MEDIUM = "medium"
    LOW = "low"  # an access key id on its own


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part stands. Lines and columns count from 1, columns in characters; `end_column` is one
    past the last. `start`/`end` are byte offsets into the content as scanned.

    `path` is relative to the scanned root, "/"-separated. `commit` and `blob` (hex object ids) are set
    for history, and there `author` and `date` (UTC, ISO 8601) of the commit; `staged` for the index.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    start: int
    end: int
    commit: str = ""
    blob: str = ""
    staged: bool = False
    author: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One value of a credential: `field` is key, secret, passphrase or private_key."""

    field: str
    value: Secret
    place: Place
    rule: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One leaked credential: all parts that belong together, the most telling one first.

    `venue` is the venue's id or "" for what belongs to none (a PEM key). `fingerprint` (hex) survives
    line moves, file moves and history rewrites. `seen` are further places of the same credential.
    `in_head` tells of a history whether the last commit still has it; None elsewhere.
    """

    rule: str
    title: str
    venue: str
    severity: Severity
    parts: tuple[Part, ...]
    fingerprint: str
    seen: tuple[Place, ...] = field(default=())
    in_head: bool | None = None

    def part(self, name: str) -> Part | None:
        """The part of that field, None if it was not found."""
        return next((p for p in self.parts if p.field == name), None)
