"""Steps 11 and 12 of §14.2: what went before, and who independent saw it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from keyguard.kga import bundle, checkpoints, statement
from keyguard.kga.verdict import Failed, Malformed
from keyguard.kga.verify import opening
from keyguard.kga.verify.logs import Log
from keyguard.kga.verify.opening import Open, Wanted
from keyguard.kga.verify.report import Report
from keyguard.kga.verify.trust import Trust
from keyguard.kga.verify.walk import cosigned

Timestamp = Callable[[bytes, bytes, tuple[str, ...]], datetime]
"""(reply, data, pinned roots) -> when an RFC 3161 authority saw the data; ValueError where it did not."""


def before(opened: Open, trust: Trust, logs: list[Log], previous: bytes | None) -> None:
    """Step 11: it follows on the attestation before it, and there is none that it does not name."""
    said = opened.predicate
    told, last = said["previous"], trust.last
    if (told is None) != (said["serial"] == 1):
        raise Failed("only the first attestation has none before it")
    if told is not None and told["serial"] != said["serial"] - 1:
        raise Failed("it does not follow on the attestation it names as the previous one")
    if said["profile"] == "venue":
        _issued(said, logs)
    named = told and told["statement_sha256"]
    if last is not None and last.serial == said["serial"] - 1 and named != last.statement_sha256:
        raise Failed("it does not follow on the attestation seen last")
    if previous is not None:
        _continues(opened, trust, logs, previous)


def _issued(said: Mapping[str, Any], logs: Iterable[Log]) -> None:
    """The log tells of the attestation before, and of no other for any part of the same time but older ones:
    those are known to who followed the serials."""
    before, period, found = said["previous"], said["period"], False
    serials: set[int] = set()
    for line in (line for one in logs for line in one.streams[said["recipient"]["venue"]].lines):
        if line.record.type != "attestation.issued":
            continue
        body = line.record.body
        if before is not None and body["attestation_id"] == before["attestation_id"]:
            if body["statement_sha256"] != before["statement_sha256"]:
                raise Failed("the log tells of another statement under the id of the previous one")
            found = True
        elif (before is None or body["serial"] >= before["serial"]) and _meets(body["period"], period):
            raise Failed(f"another attestation was issued for the same time: {body['attestation_id']}")
        if body["serial"] in serials:
            raise Failed(f"two attestations have the serial {body['serial']}")
        serials.add(body["serial"])
    if before is not None and not found:
        raise Failed("the log does not tell of the previous attestation")


def _meets(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return one["from"] < other["to"] and one["to"] > other["from"]


def _continues(opened: Open, trust: Trust, logs: Iterable[Log], previous: bytes) -> None:
    entries = opening.unpack(previous)
    envelope = opening.envelope_of(entries, bundle.STATEMENT)
    said = opening.read_statement(envelope, statement.ATTESTATION)
    signers = envelope.signers(_could_sign(opened, trust, said.predicate["issued_at"]))
    before = opened.predicate["previous"]
    earlier = Open(entries, envelope.payload, said.predicate, ())
    if not signers or before is None or before["statement_sha256"] != earlier.sha256:
        raise Failed("the bundle given as the previous one is another")
    heads = {one["origin"]: one for one in said.predicate["logs"]}
    for one in logs:
        head = heads.get(one.said["origin"])
        if head is None:
            continue
        told = one.said["previous"]
        if told is None or (told["to"], told["root"]) != (head["to"], head["root"]):
            raise Failed("history was rewritten: it is not what the previous bundle shows")
        root = _root_of(entries, head["log_id"])
        if (one.sealed.part.seals_from, one.sealed.seals_root_before) != (head["checkpoint_size"], root):
            raise Failed("the seal log was rewritten: it does not continue the previous checkpoint")


def _could_sign(opened: Open, trust: Trust, issued: str) -> list[bytes]:
    """Keys that may have signed the one before: this one's signers, and whoever was pinned or an attester by
    the firm's records when it was issued. Officers change."""
    try:
        known = [*trust.attesters, *opening.named(opened.entries)]
    except ValueError as error:
        raise Malformed(f"a key that the bundle names: {error}") from None
    return [one.public for one in [*opened.signers, *(one for one in known if one.valid_at(issued))]]


def _root_of(entries: Mapping[str, bytes], log_id: str) -> bytes:
    part = next((one for one in bundle.logs_of(entries) if one.log_id == log_id), None)
    if part is None:
        raise Failed("the previous bundle shows another log than it names")
    try:
        return checkpoints.parse_proof(part.proof).checkpoint.root
    except ValueError as error:
        raise Malformed(f"the previous bundle's checkpoint: {error}") from None


def anchors(
    report: Report,
    opened: Open,
    trust: Trust,
    wanted: Wanted,
    logs: Iterable[Log],
    timestamp: Timestamp | None,
) -> None:
    """Step 12: who independent saw it, and when."""
    times: list[tuple[str, datetime]] = []
    heads = [str(one.sealed.checkpoint).encode() for one in logs]
    for one in logs:
        for name, seen in set(cosigned(one.sealed, trust.witnesses)):
            times.append((name, datetime.fromtimestamp(seen, tz=wanted.now.tzinfo)))
    for name in sorted(opened.entries):
        if name.startswith(bundle.ANCHORS):
            if (at := _stamped(opened, name, heads, trust, timestamp)) is None:
                report.warn(12, f"{name} is no anchor that could be checked: it counts for nothing")
            else:
                times.append((name, at))
    if len(times) < wanted.anchors:
        raise Failed(f"{len(times)} independent anchors verify, {wanted.anchors} are required")
    if times:
        name, at = min(times, key=lambda one: one[1])
        report.good(12, f"first seen by {name} at {at:%Y-%m-%dT%H:%M:%SZ}")
    else:
        report.warn(13, "history not anchored: nobody independent saw this log (limit L4)")


def _stamped(
    opened: Open, name: str, heads: list[bytes], trust: Trust, timestamp: Timestamp | None
) -> datetime | None:
    if not name.endswith(".tsr") or timestamp is None or not trust.tsa_roots:
        return None
    for data in (opened.payload, *heads):
        try:
            return timestamp(opened.entries[name], data, trust.tsa_roots)
        except ValueError:
            continue
    return None
