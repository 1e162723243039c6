"""What an exchange would see of a period: the tables of an attestation, made from the log as it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from keyguard.core import canonical
from keyguard.core.policy import Level
from keyguard.core.record import parse
from keyguard.core.slots import FIRM
from keyguard.kga.derive.derived import derive
from keyguard.kga.derive.lines import Line, Period

if TYPE_CHECKING:
    from keyguard.core.record import Record
    from keyguard.ports.all import Ports

ZONE = "Asia/Seoul"
_KST = timezone(timedelta(hours=9))
"""Korea has had no daylight saving since 1988; the specification names UTC+9 (KGA/1 §4)."""
SPANS = ("this_quarter", "last_quarter", "this_month", "last_month", "this_year")
"""What one may ask about, in the order of the arrow keys."""


@dataclass(frozen=True, slots=True)
class Days:
    """A period in whole days of Korea, both included."""

    first: date
    last: date

    @property
    def period(self) -> Period:
        """As records count time: from the first midnight up to the one after the last day."""
        return Period(_midnight(self.first), _midnight(self.last + timedelta(days=1)), ZONE)


@dataclass(frozen=True, slots=True)
class Hit:
    """A finding as the attestation lists it. `rows`: what breaks the rule, in words as far as the register
    has any. `since`: UTC; `exception`: the id of the open exception that covers it, "" for none."""

    code: str
    level: Level
    rows: tuple[str, ...]
    since: datetime
    exception: str


@dataclass(frozen=True, slots=True)
class Export:
    """An attestation that was issued, as the log noted it. `first`, `last`: its days, in Korea."""

    id: str
    serial: int
    first: date
    last: date
    at: datetime


@dataclass(frozen=True, slots=True)
class Preview:
    """What a venue's attestation would say now. `at`: when this was read, UTC."""

    venue: str
    days: Days
    at: datetime
    hits: tuple[Hit, ...]
    keys: int
    people: int
    handouts: int
    records: int
    exports: tuple[Export, ...]


@dataclass(frozen=True, slots=True)
class Disclosed:
    """The records that this venue gets to see: its own stream, and the firm's."""

    venue: str
    at: datetime
    records: tuple[bytes, ...]
    seals: int


def span(name: str, now: datetime) -> Days:
    """One of SPANS, as it stands at an instant."""
    today = now.astimezone(_KST).date()
    if name == "this_year":
        return Days(date(today.year, 1, 1), date(today.year, 12, 31))
    months = 3 if name.endswith("quarter") else 1
    index = today.year * 12 + today.month - 1
    begin = index - index % months - (months if name.startswith("last") else 0)
    return Days(_month(begin), _month(begin + months) - timedelta(days=1))


def read(ports: Ports, venue: str) -> Disclosed:
    """Read the two streams; StoreError where they cannot be read."""
    records = [e.record for stream in (FIRM, venue) for e in ports.audit.entries(stream=stream)]
    return Disclosed(venue, ports.clock.now(), tuple(records), len(ports.seals.leaves()))


def preview(disclosed: Disclosed, days: Days) -> Preview:
    """Compute the tables; pure, and long for a long log. ValueError for a record that is none."""
    lines = [Line("", parse(data)) for data in disclosed.records]
    period = days.period
    # A period that runs yet is judged up to now: what is still to come is no gap.
    until = min(period.until, canonical.format_instant(disclosed.at))
    tables = derive(lines, replace(period, until=until), seals=disclosed.seals)
    register = {row["key"]: row for row in tables["register"]}
    hits = [_hit(row, register) for row in tables["findings"]]
    order = list(Level)
    return Preview(
        disclosed.venue,
        days,
        disclosed.at,
        tuple(sorted(hits, key=lambda hit: (order.index(hit.level), hit.code))),
        len(register),
        len(tables["people"]),
        tables["summary"]["handouts"],
        len(lines),
        tuple(_export(line.record) for line in reversed(lines) if line.record.type == "attestation.issued"),
    )


def command(preview: Preview) -> str:
    """What exports this on the command line; of a period that still runs, what is over."""
    first, last = preview.days.first, until(preview)
    words = f"--venue {preview.venue} --from {first} --to {last} --signer FILE -o DIR"
    return f"keyguard attest {words}"


def until(preview: Preview) -> str:
    """The end of the period as the command takes it: `now` for one that still runs."""
    days = preview.days
    return "now" if preview.at < canonical.parse_instant(days.period.until) else str(days.last)


def _hit(row: dict[str, Any], register: dict[str, dict[str, Any]]) -> Hit:
    return Hit(
        row["code"],
        Level(row["severity"]),
        tuple(_named(one, register.get(one)) for one in row["rows"]),
        canonical.parse_instant(row["since"]),
        row["exception"] or "",
    )


def _named(id_: str, row: dict[str, Any] | None) -> str:
    """A key in words a person knows: the bundle has its fingerprint alone, and this much beside it."""
    if row is None:
        return id_[:22]
    hint = f"…{row['hint']}" if row["hint"] else id_[:8]
    return " · ".join(part for part in (row["desk"], row["purpose"], hint) if part)


def _export(record: Record) -> Export:
    body = record.body
    first, last = days_of(body["period"]["from"], body["period"]["to"])
    return Export(body["attestation_id"], body["serial"], first, last, record.t)


def days_of(since: str, until: str) -> tuple[date, date]:
    """First and last day, in Korea, of a period as records have it."""
    first, end = (canonical.parse_instant(at).astimezone(_KST) for at in (since, until))
    return first.date(), (end - timedelta(microseconds=1)).date()


def _month(index: int) -> date:
    """The first day of a month, counted from the year 0."""
    return date(index // 12, index % 12 + 1, 1)


def _midnight(day: date) -> str:
    return canonical.format_instant(datetime(day.year, day.month, day.day, tzinfo=_KST).astimezone(UTC))
