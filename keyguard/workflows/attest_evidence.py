"""What one bundle proves: opened streams, and the tables that follow from them (KGA/1 §3, §9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from keyguard.core.record import parse
from keyguard.core.slots import FIRM, slot
from keyguard.kga import bundle, merkle, private_parts
from keyguard.kga.bundle import StreamPart
from keyguard.kga.derive.derived import derive, encode
from keyguard.kga.derive.lines import Line, Period
from keyguard.ports.all import Ports
from keyguard.workflows.attest_past import Previous
from keyguard.workflows.log_opening import log_part, snapshot_before
from keyguard.workflows.seal import Sealed

VENUE = "venue"
"""The folder of the recipient's own stream."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Entries below `logs/`, `anchors/` and `derived.json`; and what a statement says of them. `log` is the
    log as `logs[]` has it, without `previous`; None where none is shown."""

    entries: Mapping[str, bytes] = field(repr=False)
    derived: Mapping[str, Any] = field(repr=False)
    withheld: Mapping[str, int]
    log: Mapping[str, Any] | None

    @property
    def tables(self) -> list[Mapping[str, Any]]:
        """The tables of each venue, by its name."""
        if "venues" in self.derived:
            return [tables for _, tables in sorted(self.derived["venues"].items())]
        return [self.derived]


def for_venue(
    ports: Ports, sealed: Sealed, venue: str, period: Period, previous: Previous | None
) -> Evidence:
    """The firm's stream and the venue's, from the state at the period's begin on."""
    start = 0
    if previous is not None:
        start = snapshot_before(ports, venue, period.since, at_most=previous.to)
    shown = {VENUE: (venue, start), FIRM: (FIRM, 0)}
    part = log_part(ports, sealed, shown, seals_from=previous.checkpoint_size if previous else 0)
    withheld: Counter[str] = Counter()
    lines = [line for one in part.streams.values() for line in _lines(sealed.log_id, one, withheld)]
    derived = derive(lines, period, withheld=withheld.total(), seals=sealed.seal.no + 1)
    opened = sealed.table.slots[slot(venue)]
    entries = part.entries() | _anchors(ports, sealed) | {bundle.DERIVED: encode(derived)}
    told = _log(sealed) | {"from": start, "to": opened.size, "root": opened.root.hex()}
    return Evidence(entries, derived, withheld, told)


def for_auditor(ports: Ports, sealed: Sealed, period: Period, previous: Previous | None) -> Evidence:
    """Every stream from its first record on, what is private in them, and the secret of the slots."""
    names = [name for name, tree in sorted(sealed.streams.items()) if tree.size]
    shown = {name: (name, 0) for name in names}
    part = log_part(ports, sealed, shown, seals_from=previous.checkpoint_size if previous else 0)
    streams = {name: _with_private(ports, name, one) for name, one in part.streams.items()}
    part = replace(part, streams=streams, seal_secret=sealed.seal_secret)
    withheld: Counter[str] = Counter()
    read = {name: list(_lines(sealed.log_id, one, withheld)) for name, one in part.streams.items()}
    opened = [
        pair
        for name, lines in read.items()
        for pair in private_parts.paired(lines, {one.n: one.value() for one in part.streams[name].private})
    ]
    derived = {
        "persons": private_parts.persons(opened),
        "venues": {
            name: derive([*read[FIRM], *lines], period, withheld=withheld.total(), seals=sealed.seal.no + 1)
            for name, lines in read.items()
            if name != FIRM
        },
    }
    entries = part.entries() | _anchors(ports, sealed) | {bundle.DERIVED: encode(derived)}
    told = _log(sealed) | {"from": 0, "to": 0, "root": merkle.EMPTY_ROOT.hex()}
    return Evidence(entries, derived, withheld, told)


def summary(whole: Evidence) -> Evidence:
    """Figures alone: no log, no row, no key. The signer's word stands for them."""
    kept = ("spec", "complete", "unknown_types", "summary")
    derived = {name: value if name in kept else [] for name, value in whole.derived.items()}
    derived["findings"] = [dict(row, rows=[]) for row in whole.derived["findings"]]
    return Evidence({bundle.DERIVED: encode(derived)}, derived, {}, None)


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
