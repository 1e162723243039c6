"""What one bundle proves: opened streams, and the tables that follow from them (KGA/1 §3, §9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.core.record import parse
from keyguard.core.slots import FIRM, slot
from keyguard.kga import bundle, merkle, private_parts
from keyguard.kga.bundle import LogPart, StreamPart
from keyguard.kga.derive.derived import derive, encode
from keyguard.kga.derive.lines import Line, Period
from keyguard.kga.log_copy import LogCopy
from keyguard.kga.verify import rows
from keyguard.ports.all import Ports
from keyguard.workflows.attest_documents import Document
from keyguard.workflows.attest_past import Previous
from keyguard.workflows.log_opening import log_part, snapshot_before
from keyguard.workflows.seal import Sealed

VENUE = "venue"
"""The folder of the recipient's own stream."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Entries below `logs/`, `anchors/`, `evidence/` and `derived.json`; and what a statement says of them.
    `logs` are the logs as `logs[]` has them, without `previous`: this home's first, then its agents'."""

    entries: Mapping[str, bytes] = field(repr=False)
    derived: Mapping[str, Any] = field(repr=False)
    withheld: Mapping[str, int]
    logs: Sequence[Mapping[str, Any]]
    whole: Mapping[str, Any] = field(repr=False)
    """All tables, where `derived` leaves some out."""

    @property
    def rows(self) -> list[Mapping[str, Any]]:
        """All rows of the registers, shown or not."""
        if "venues" not in self.whole:
            return list(self.whole["register"])
        return [row for _, one in sorted(self.whole["venues"].items()) for row in one["register"]]

    def with_documents(self, documents: Iterable[Document]) -> Evidence:
        """With what the firm attaches."""
        return replace(self, entries={**self.entries, **{one.entry: one.data for one in documents}})


def for_venue(
    ports: Ports,
    sealed: Sealed,
    venue: str,
    period: Period,
    previous: Previous | None,
    agents: Sequence[LogCopy] = (),
) -> Evidence:
    """The firm's stream and the venue's, from the state at the period's begin on; of agents from their first
    record on."""
    head = None if previous is None else previous.of(sealed.origin)
    start = 0 if head is None else snapshot_before(ports, venue, period.since, at_most=head.to)
    shown = {VENUE: (venue, start), FIRM: (FIRM, 0)}
    part = log_part(ports, sealed, shown, seals_from=head.checkpoint_size if head else 0)
    withheld: Counter[str] = Counter()
    lines = [line for one in part.streams.values() for line in _lines(sealed.log_id, one, withheld)]
    opened = sealed.table.slots[slot(venue)]
    told = [_log(sealed) | {"from": start, "to": opened.size, "root": opened.root.hex()}]
    entries = part.entries()
    for copy in agents:
        entries |= copy.shown({VENUE: venue, FIRM: FIRM}, seals_from=_seals_from(copy, previous)).entries()
        for name in (FIRM, venue):
            lines += copy.lines(name)
            withheld.update(copy.withheld(name))
        its = copy.table.slots[slot(venue)]
        told.append(_copied(copy) | {"from": 0, "to": its.size, "root": its.root.hex()})
    derived = derive(lines, period, withheld=withheld.total(), seals=_seals(sealed, agents))
    entries |= _anchors(ports, sealed) | {bundle.DERIVED: encode(derived)}
    return Evidence(entries, derived, withheld, told, derived)


def for_auditor(
    ports: Ports,
    sealed: Sealed,
    period: Period,
    previous: Previous | None,
    agents: Sequence[LogCopy] = (),
) -> Evidence:
    """Every stream from its first record on, what is private in them, and the secret of the slots."""
    head = None if previous is None else previous.of(sealed.origin)
    part = whole_log(ports, sealed, seals_from=head.checkpoint_size if head else 0)
    withheld: Counter[str] = Counter()
    read = {name: list(_lines(sealed.log_id, one, withheld)) for name, one in part.streams.items()}
    opened = [
        pair
        for name, lines in read.items()
        for pair in private_parts.paired(lines, {one.n: one.value() for one in part.streams[name].private})
    ]
    entries = part.entries() | _anchors(ports, sealed)
    all_of_it = {"from": 0, "to": 0, "root": merkle.EMPTY_ROOT.hex()}
    told = [_log(sealed) | all_of_it]
    for copy in agents:
        entries |= copy.whole(seals_from=_seals_from(copy, previous)).entries()
        for name, stream in copy.streams.items():
            read.setdefault(name, []).extend(stream.lines)
            withheld.update(stream.withheld)
            opened += private_parts.paired(stream.lines, stream.private)
        told.append(_copied(copy) | all_of_it)
    venues = {
        name: derive([*read[FIRM], *lines], period, withheld=withheld.total(), seals=_seals(sealed, agents))
        for name, lines in read.items()
        if name != FIRM
    }
    derived = {"persons": private_parts.persons(opened), "venues": venues}
    entries[bundle.DERIVED] = encode(derived)
    return Evidence(entries, derived, withheld, told, derived)


def whole_log(ports: Ports, sealed: Sealed, *, seals_from: int = 0) -> LogPart:
    """Every stream of this log from its first record on, with its private parts, and the slots' secret."""
    shown = {name: (name, 0) for name, tree in sorted(sealed.streams.items()) if tree.size}
    part = log_part(ports, sealed, shown, seals_from=seals_from)
    streams = {name: _with_private(ports, name, one) for name, one in part.streams.items()}
    return replace(part, streams=streams, seal_secret=sealed.seal_secret)


def summary(whole: Evidence, secret: bytes, chosen: frozenset[str] = frozenset()) -> Evidence:
    """Figures, and the rows of the chosen keys (by fingerprint) with what proves that the register has them:
    no log, no other row or key. For the figures the signer's word stands.

    UsageError `attest.row` for a key that is not in the register.
    """
    if missing := chosen - {row["key"] for row in whole.rows}:
        raise UsageError(
            f"the register of this period has no key {min(missing)[:16]}",
            code="attest.row",
            still="nothing was issued",
        )
    kept = ("spec", "complete", "unknown_types", "summary")
    derived = {name: whole.derived[name] for name in kept}
    derived["findings"] = [dict(row, rows=[]) for row in whole.derived["findings"]]
    if chosen:
        derived["register"], derived["rows"] = rows.proofs(whole.rows, secret, chosen)
    return Evidence({bundle.DERIVED: encode(derived)}, derived, {}, (), whole.derived)


def _log(sealed: Sealed) -> dict[str, Any]:
    firm = sealed.table.slots[slot(FIRM)]
    return {
        "log_id": sealed.log_id,
        "origin": sealed.origin,
        "vkey": str(sealed.vkey),
        "role": "primary",
        "seal_no": sealed.seal.no,
        "checkpoint_size": sealed.checkpoint.size,
        "firm_size": firm.size,
        "firm_root": firm.root.hex(),
    }


def _copied(copy: LogCopy) -> dict[str, Any]:
    firm = copy.table.slots[slot(FIRM)]
    return {
        "log_id": copy.log_id,
        "origin": copy.key.name,
        "vkey": str(copy.key),
        "role": copy.role,
        "seal_no": copy.sealed.seal.no,
        "checkpoint_size": copy.sealed.checkpoint.size,
        "firm_size": firm.size,
        "firm_root": firm.root.hex(),
    }


def _seals_from(copy: LogCopy, previous: Previous | None) -> int:
    head = None if previous is None else previous.of(copy.key.name)
    return 0 if head is None else head.checkpoint_size


def _seals(sealed: Sealed, agents: Sequence[LogCopy]) -> int:
    return sealed.seal.no + 1 + sum(copy.sealed.seal.no + 1 for copy in agents)


def _lines(log_id: str, part: StreamPart, withheld: Counter[str]) -> Iterator[Line]:
    for data in part.lines:
        if (gone := bundle.withheld(data)) is not None:
            withheld[gone[1]] += 1
        else:
            yield Line(log_id, parse(data))


def _anchors(ports: Ports, sealed: Sealed) -> dict[str, bytes]:
    """Time-stamps over the checkpoint; cosignatures stand in its note."""
    replies = ports.seals.stamps(sealed.checkpoint.size)
    return {f"{bundle.ANCHORS}checkpoint-{n}.tsr": reply for n, reply in enumerate(replies, 1)}


def _with_private(ports: Ports, stream: str, part: StreamPart) -> StreamPart:
    """The stream with what is private in its records; of one whose retention is over there is nothing."""
    found = []
    after = ports.seals.first() - 1
    for entry in ports.audit.entries(stream=stream, holding=b'"priv":"', after=after):
        record = parse(entry.record)
        hidden = ports.audit.private_part(entry.number) if record.priv else None
        if hidden is not None and record.n < len(part.lines):
            found.append(private_parts.Opening(record.n, *hidden))
    return replace(part, private=tuple(found))
