"""What is remembered of a key's past hand-outs: enough for the rules on use, and bounded."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

RECENT = 200
"""Instants of the last hand-outs that are kept; no rule can count further."""

KEPT = 100
"""Persons, hosts and programs that are kept of each key, those seen last. One that fell out is new again."""


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a key, tried or past. `person` and `host` are names that stay the same in a key's records;
    `who` and `where` are what people call them.

    `executable` is an absolute path, `sha256` that of its content; "" where nobody looked. `party`: the
    company the person belongs to, "" the firm itself, None where nobody was declared. `contract_end`: when
    that company's contract ends or ended; None where none is needed. `addresses` and `organisation`: from
    where the host calls venues and whose that is, as declared that day; () and None where nobody did.
    """

    key: str
    at: datetime
    person: str
    host: str
    who: str
    where: str
    executable: str = ""
    sha256: str = ""
    party: str | None = None
    contract_end: datetime | None = None
    addresses: tuple[str, ...] = ()
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class Egress:
    """From which addresses a host calls venues, and whose they are: declared, for nobody here can see it."""

    addresses: tuple[str, ...]
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """When something was seen last, and what people call it."""

    at: datetime
    shown: str


Memory = Mapping[str, Seen]


@dataclass(frozen=True, slots=True)
class History:
    """A key's hand-outs, of all its versions, until now. `recent`: oldest first."""

    first: datetime | None = None
    recent: tuple[datetime, ...] = ()
    persons: Memory = field(default_factory=dict)
    hosts: Memory = field(default_factory=dict)
    executables: Memory = field(default_factory=dict)
    contents: Memory = field(default_factory=dict)
    parties: Memory = field(default_factory=dict)
    addresses: Memory = field(default_factory=dict)
    organisations: Memory = field(default_factory=dict)

    @property
    def last(self) -> datetime | None:
        """The last hand-out."""
        return self.recent[-1] if self.recent else None

    def since(self, instant: datetime) -> int:
        """How many hand-outs there were after an instant; at most `RECENT`."""
        return len(self.recent) - bisect_right(self.recent, instant)

    def after(self, use: Use) -> History:
        """The history when this use has become part of it. Where the clock went back time stands still, as in
        the log."""
        at = use.at if self.last is None else max(use.at, self.last)
        parties, addresses, organisations = self.parties, self.addresses, self.organisations
        if use.party is not None:
            parties = _noted(parties, use.party, at, use.party or "the firm itself")
        for address in use.addresses:
            addresses = _noted(addresses, address, at, address)
        if use.organisation is not None:
            organisations = _noted(organisations, use.organisation, at, use.organisation)
        return replace(
            self,
            first=self.first or at,
            recent=(*self.recent[1 - RECENT :], at),
            persons=_noted(self.persons, use.person, at, use.who),
            hosts=_noted(self.hosts, use.host, at, use.where),
            executables=_noted(self.executables, use.executable, at, use.executable),
            contents=_noted(self.contents, use.sha256, at, use.sha256),
            parties=parties,
            addresses=addresses,
            organisations=organisations,
        )


def knows(memory: Memory, name: str, at: datetime, remember: timedelta | None) -> bool:
    """Whether something was seen before; `remember`: and not longer ago than that."""
    seen = memory.get(name)
    return seen is not None and (remember is None or at - seen.at <= remember)


def others(memory: Memory, name: str, after: datetime) -> list[Seen]:
    """What else than this was seen after an instant, last first."""
    found = [seen for other, seen in memory.items() if other != name and seen.at > after]
    return sorted(found, key=lambda seen: seen.at, reverse=True)


def _noted(memory: Memory, name: str, at: datetime, shown: str) -> Memory:
    """Seen last stands last, so the first is what falls out."""
    noted = {other: seen for other, seen in memory.items() if other != name}
    noted[name] = Seen(at, shown)
    if len(noted) > KEPT:
        del noted[next(iter(noted))]
    return noted
