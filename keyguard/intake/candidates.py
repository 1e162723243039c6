"""What every reader ends in: a credential, whose it may be, and where its values stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from keyguard.core.errors import UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Environment
from keyguard.core.secret import Secret
from keyguard.scanner.findings import Finding

FIELDS = ("key", "secret", "passphrase", "private_key")
"""The parts a credential may have, in the order people name them."""

Scan = Callable[[bytes, str], tuple[Finding, ...]]
"""The scanner's engine: content and its path in; findings out."""


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes a value occupies: `start` to `end` (exclusive), counted from the start of the file.

    `written` is exactly what stands there, one character per byte (Latin-1): escapes make it differ
    from the value. `quote` goes around a reference put there, "" where quotes stand already.
    `identity` is (device, inode) of the file that was read, so that a swapped file is noticed.
    """

    start: int
    end: int
    written: Secret
    quote: str
    encoding: str
    identity: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where one field of a credential stands. `line` counts from 1.

    Where nothing can be put in its stead, `span` is None and `reason` says why. `past`: it stands in git,
    in no file that could be changed.
    """

    field: str
    file: Path
    line: int
    span: Span | None
    reason: str = ""
    past: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A credential read from somewhere, not asked about and not stored yet.

    The hints come from names, columns or sections beside it; "" where there was none. `environment` is
    TEST where the name says so.
    """

    venue: str
    label_hint: str
    desk_hint: str
    credential: Credential
    places: tuple[Place, ...] = field(default=())
    environment: Environment = Environment.LIVE


def merge(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Make one candidate of each credential, with all its places; the first hint wins.

    Raises UsageError `import.ambiguous` where one access key id comes with two different secrets.
    """
    merged: dict[tuple[str, str], Candidate] = {}
    for new in candidates:
        name = (new.venue, new.credential.key)
        old = merged.get(name)
        if old is None:
            merged[name] = new
            continue
        if old.credential != new.credential or old.environment is not new.environment:
            raise UsageError(
                f"one {new.venue} key comes with two different secrets: {_where(old)} and {_where(new)}",
                code="import.ambiguous",
                still="nothing was taken",
                hint="remove the one that is no longer valid",
            )
        merged[name] = replace(
            old,
            label_hint=old.label_hint or new.label_hint,
            desk_hint=old.desk_hint or new.desk_hint,
            places=_united(old.places, new.places),
        )
    return tuple(merged.values())


def _united(old: tuple[Place, ...], new: tuple[Place, ...]) -> tuple[Place, ...]:
    """Both, each place once. Compared in a list: a Secret is not hashable on purpose."""
    return (*old, *(place for place in new if place not in old))


def _where(candidate: Candidate) -> str:
    return next((f"{p.file}:{p.line}" for p in candidate.places), "an earlier entry")
