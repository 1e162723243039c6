"""What a bundle shows of this log: seal, proof and opened streams (KGA/1 §3)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from keyguard.core.slots import slot
from keyguard.kga import merkle
from keyguard.kga.bundle import LogPart, StreamPart, withheld_line
from keyguard.ports.all import Ports
from keyguard.workflows.seal import Sealed

PRUNED = "personal_data"
"""Why a pruned record is withheld: its retention is over."""


def log_part(
    ports: Ports, sealed: Sealed, streams: Mapping[str, tuple[str, int]], *, seals_from: int = 0
) -> LogPart:
    """The log as a bundle shows it. `streams`: folder -> (stream, index to begin from); `seals_from`: the
    size of the previous attestation's checkpoint."""
    before = merkle.frontier(sealed.leaves[:seals_from])
    return LogPart(
        log_id=sealed.log_id,
        seal=sealed.seal.encode(),
        proof=str(sealed.proof()),
        seals_from=seals_from,
        seals_frontier=before.hashes,
        seal_leaves=sealed.leaves[seals_from:],
        streams={folder: stream_part(ports, sealed, name, at) for folder, (name, at) in streams.items()},
    )


def stream_part(ports: Ports, sealed: Sealed, stream: str, start: int = 0) -> StreamPart:
    """One stream from index `start` to where the seal has it; pruned records as withheld leaves."""
    opened = sealed.table.slots[slot(stream)]
    pruned = ports.seals.pruned(stream)
    lines: dict[int, bytes] = {n: withheld_line(leaf, PRUNED) for n, leaf in pruned.items() if n >= start}
    before = {n: leaf for n, leaf in pruned.items() if n < start}
    for entry in ports.audit.entries(stream=stream, after=ports.seals.first() - 1):
        n = json.loads(entry.record)["n"]
        if n >= opened.size:
            break
        if n < start:
            before[n] = merkle.leaf_hash(entry.record)
        else:
            lines[n] = entry.record
    return StreamPart(
        slot=opened.encode(),
        path=sealed.table.path(opened.number),
        start=start,
        frontier=merkle.frontier(leaf for _, leaf in sorted(before.items())).hashes,
        lines=tuple(line for _, line in sorted(lines.items())),
    )


def snapshot_before(ports: Ports, stream: str, period_from: str, *, at_most: int | None = None) -> int:
    """Index of the newest `snapshot.begin` not later than the period's start, 0 without one: from there on
    the stream says all that the tables of the period need. `period_from` is an instant in records' form;
    `at_most`: no greater index, so that no record since the previous attestation is left out."""
    found = 0
    first = ports.seals.first()
    for entry in ports.audit.entries(stream=stream, holding=b'"type":"snapshot.begin"', after=first - 1):
        record = json.loads(entry.record)
        if record["type"] != "snapshot.begin" or record["t"] > period_from:
            continue
        if at_most is None or record["n"] <= at_most:
            found = record["n"]
    return found
