"""The steps of §14.2 in their order. A structural one that fails ends it; of the later ones all are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keyguard.core import canonical
from keyguard.core.slots import FIRM, SLOTS, slot
from keyguard.kga import bundle, checkpoints, dsse, statement
from keyguard.kga.derive.derived import derive, encode
from keyguard.kga.derive.lines import Line, Period
from keyguard.kga.verdict import Failed, Malformed
from keyguard.kga.verify import opening, wording
from keyguard.kga.verify.opening import Open, Wanted
from keyguard.kga.verify.report import Report
from keyguard.kga.verify.rows import register_root
from keyguard.kga.verify.trust import Head, Last, Trust
from keyguard.kga.verify.walk import Opened, Sealed, cosigned, open_stream, seal_of

Timestamp = Callable[[bytes, bytes, tuple[str, ...]], datetime]
"""(reply, data, pinned roots) -> when an RFC 3161 authority saw the data; ValueError where it did not."""


@dataclass(frozen=True, slots=True)
class _Log:
    """One proven log with what the statement says of it."""

    said: Mapping[str, Any]
    sealed: Sealed
    streams: Mapping[str, Opened]


def verify(
    data: bytes,
    trust: Trust | None,
    wanted: Wanted,
    *,
    previous: bytes | None = None,
    timestamp: Timestamp | None = None,
) -> Report:
    """Verify a bundle. `trust` None: the keys are taken from the bundle itself, which is said as a warning.

    `previous` is the bundle before this one, where the recipient kept it.
    """
    report = Report()
    step = 1
    try:
        entries = opening.unpack(data)
        report.good(1, f"{len(entries)} entries")
        step = 2
        if trust is None:
            trust = opening.trust_on_first_use(entries)
        opened = opening.signed(entries, trust, wanted.signatures)
        report.good(2, ", ".join(f"{one.name} ({dsse.keyid(one.public)[:16]}…)" for one in opened.signers))
        step = 3
        opening.covered(opened, trust, opening.envelope_of(entries, bundle.STATEMENT))
        report.good(3)
        step = 4
        opening.addressed(opened, trust, wanted)
        report.good(4, f"serial {opened.predicate['serial']}, {opened.predicate['recipient']['name']}")
        report.predicate = opened.predicate
        if opened.predicate["profile"] == "summary":
            return _summary(report, opened, trust)
        logs = []
        for said in opened.predicate["logs"]:
            step = 6
            sealed = _seal(opened, trust, said)
            step = 7
            logs.append(_streams(opened, trust, said, sealed))
        step = 5
        _enrolled(opened, logs)
        report.good(5, f"{len(logs)}")
        report.good(6, ", ".join(f"{one.said['origin']} seal {one.said['seal_no']}" for one in logs))
        report.good(7, f"{sum(len(s.leaves) for one in logs for s in one.streams.values())} records")
    except (Failed, Malformed) as error:
        report.fail(step, error)
        return report
    _judge(report, opened, trust, wanted, logs, previous, timestamp)
    return report


def _seal(opened: Open, trust: Trust, said: Mapping[str, Any]) -> Sealed:
    """Step 6 for one log."""
    key = trust.logs.get(said["origin"])
    if key is None:
        raise Failed(f"no key is pinned for the log {said['origin']}")
    if said["origin"] != f"keyguard/{said['log_id']}" or said["vkey"] != str(key):
        raise Failed(f"the statement names another key or id for {said['origin']}")
    parts = {part.log_id: part for part in bundle.logs_of(opened.entries)}
    if parts.keys() != {one["log_id"] for one in opened.predicate["logs"]}:
        raise Failed("the logs shown are not those the statement names")
    sealed = seal_of(parts[said["log_id"]], key)
    if (sealed.seal.no, sealed.checkpoint.size) != (said["seal_no"], said["checkpoint_size"]):
        raise Failed("the statement names another seal or checkpoint")
    seen = len(set(cosigned(sealed, trust.witnesses)))
    if seen < trust.quorum:
        raise Failed(f"{seen} pinned witnesses saw the checkpoint, {trust.quorum} are required")
    before = said["previous"]
    if before is not None and before["checkpoint_size"] != sealed.part.seals_from:
        raise Failed("the seals shown do not begin at the previous attestation's checkpoint")
    return sealed


def _streams(opened: Open, trust: Trust, said: Mapping[str, Any], sealed: Sealed) -> _Log:
    """Step 7 for one log."""
    venue = opened.predicate["recipient"]["venue"]
    folders = set(sealed.part.streams)
    if opened.predicate["profile"] == "auditor":
        names = {folder: folder for folder in folders}
    else:
        names = {"venue": str(venue), FIRM: FIRM}
    if folders != names.keys() or FIRM not in names:
        raise Failed("the streams shown are not the firm's and the recipient's")
    for name in names.values():
        _slot_of(name)
    streams = {name: open_stream(sealed, sealed.part.streams[folder], name) for folder, name in names.items()}
    firm = streams[FIRM]
    if firm.start != 0 or (said["firm_size"], said["firm_root"]) != (firm.size, firm.root.hex()):
        raise Failed("the firm's stream is not the one the statement names, from its first record on")
    if opened.predicate["profile"] == "venue":
        _range(said, streams[str(venue)], trust)
    return _Log(said, sealed, streams)


def _slot_of(name: str) -> None:
    try:
        slot(name)
    except ValueError as error:
        raise Failed(str(error)) from None


def _range(said: Mapping[str, Any], shown: Opened, trust: Trust) -> None:
    """The venue's stream has the range, the root and the past that the statement names."""
    if (said["from"], said["to"], said["root"]) != (shown.start, shown.size, shown.root.hex()):
        raise Failed("the venue's stream is not the one the statement names")
    before = said["previous"]
    if before is None:
        if shown.start:
            raise Failed("a first attestation begins with the first record")
    elif shown.start > before["to"]:
        raise Failed("there is a gap between the previous attestation's records and these")
    else:
        root = shown.root_at(before["to"])
        if root is None or root.hex() != before["root"]:
            raise Failed("the records before are not those of the previous attestation")
    if trust.last is not None and (head := trust.last.logs.get(said["origin"])) is not None:
        root = shown.root_at(head.to)
        if root is None or root.hex() != head.root:
            raise Failed("the records are not a continuation of those seen last")


def _enrolled(opened: Open, logs: Iterable[_Log]) -> None:
    """Step 5: every log that belongs to the firm is there."""
    logs = list(logs)
    primary = [one for one in logs if one.said["role"] == "primary"]
    if len(primary) != 1:
        raise Failed("exactly one log is the primary one")
    since = opened.predicate["period"]["from"]
    origins = {primary[0].said["origin"]}
    for line in primary[0].streams[FIRM].lines:
        body = line.record.body
        if line.record.type == "agent.enroll":
            origins.add(body["origin"])
        elif line.record.type == "agent.retire" and body["at"] < since:
            origins.discard(body["origin"])
    if missing := origins - {one.said["origin"] for one in logs}:
        raise Failed(f"an enrolled log is left out: {', '.join(sorted(missing))}")
    if more := {one.said["origin"] for one in logs} - origins:
        raise Failed(f"a log is not enrolled: {', '.join(sorted(more))}")


def _judge(
    report: Report,
    opened: Open,
    trust: Trust,
    wanted: Wanted,
    logs: list[_Log],
    previous: bytes | None,
    timestamp: Timestamp | None,
) -> None:
    """Steps 8 to 13: each is looked at, whatever the others say."""
    lines = [line for one in logs for stream in one.streams.values() for line in stream.lines]
    withheld = [why for one in logs for stream in one.streams.values() for why in stream.withheld]
    _each(report, 8, lambda: _end(opened, logs, lines))
    derived = _each(report, 9, lambda: _tables(opened, logs, withheld))
    if derived is not None:
        report.derived = derived
        _each(report, 10, lambda: wording.check(opened.predicate, derived, withheld))
    _each(report, 11, lambda: _before(opened, trust, logs, lines, previous))
    _each(report, 12, lambda: _anchors(report, opened, trust, wanted, logs, timestamp))
    if not report.failed:
        report.last = Last(
            opened.predicate["serial"],
            opened.sha256,
            {
                one.said["origin"]: Head(
                    one.sealed.checkpoint.size,
                    one.sealed.checkpoint.root.hex(),
                    one.said["to"],
                    one.said["root"],
                )
                for one in logs
            },
        )
    _warn(report, opened, trust, withheld)


def _each(report: Report, step: int, look: Callable[[], Any]) -> Any:
    try:
        found = look()
    except (Failed, Malformed) as error:
        report.fail(step, error)
        return None
    report.good(step)
    return found


def _end(opened: Open, logs: Iterable[_Log], lines: list[Line]) -> None:
    """Step 8: the seal was made after the period, so its end is not hidden."""
    period = opened.predicate["period"]
    for one in logs:
        if canonical.format_instant(one.sealed.seal.t) < period["to"]:
            raise Failed("the seal was made before the period ended: its end is not shown")
        for stream in one.streams.values():
            if stream.start and stream.lines and stream.stream != FIRM:
                _begins_with_a_snapshot(stream, period["from"])


def _begins_with_a_snapshot(stream: Opened, since: str) -> None:
    first = stream.lines[0]
    if first.record.type != "snapshot.begin" or first.at > since:
        raise Failed(f"{stream.stream}: the records shown do not begin with the state at the period's begin")


def _tables(opened: Open, logs: list[_Log], withheld: list[str]) -> dict[str, Any]:
    """Step 9: the tables are what the records say."""
    said = opened.predicate
    period = Period(said["period"]["from"], said["period"]["to"], said["period"]["tz"])
    derived = recompute(said["profile"], period, logs, len(withheld))
    if encode(derived) != opened.entries.get(bundle.DERIVED):
        raise Failed("the tables are not what the records say")
    register = said["register"]
    rows = [row for one in _venues(derived) for row in one["register"]]
    if register["row_secret"] is None or register["rows"] != len(rows):
        raise Failed("the register has another number of rows, or no secret for them")
    if register_root(rows, bytes.fromhex(register["row_secret"])).hex() != register["root"]:
        raise Failed("the register's rows do not lead to the root in the statement")
    return derived


def _venues(derived: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return (
        [derived["venues"][name] for name in sorted(derived["venues"])] if "venues" in derived else [derived]
    )


def recompute(profile: str, period: Period, logs: list[_Log], withheld: int) -> dict[str, Any]:
    """The tables from what the logs show; for an auditor those of each venue, and who is who between them."""
    sealed = sum(one.sealed.seal.no + 1 for one in logs)
    firm = [line for one in logs for line in one.streams[FIRM].lines]
    names = sorted({name for one in logs for name in one.streams if name != FIRM})
    by_venue = {
        name: derive(
            [*firm, *(line for one in logs for line in _lines(one, name))],
            period,
            withheld=withheld,
            seals=sealed,
        )
        for name in names
    }
    if profile != "auditor":
        return by_venue[names[0]]
    return {"venues": by_venue}


def _lines(log: _Log, name: str) -> tuple[Line, ...]:
    return log.streams[name].lines if name in log.streams else ()


def _before(
    opened: Open, trust: Trust, logs: Iterable[_Log], lines: list[Line], previous: bytes | None
) -> None:
    """Step 11: it follows on the attestation before it, and there is none that it does not name."""
    said = opened.predicate
    before = said["previous"]
    issued = {
        line.record.body["attestation_id"]: line.record.body
        for line in lines
        if line.record.type == "attestation.issued"
    }
    if (before is None) != (said["serial"] == 1):
        raise Failed("only the first attestation has none before it")
    if before is not None:
        if before["serial"] != said["serial"] - 1:
            raise Failed("it does not follow on the attestation it names as the previous one")
        record = issued.get(before["attestation_id"])
        if record is None or record["statement_sha256"] != before["statement_sha256"]:
            raise Failed("the log does not tell of the previous attestation as this one does")
    last = trust.last
    follows = before is not None and last is not None and before["statement_sha256"] == last.statement_sha256
    if last is not None and last.serial == said["serial"] - 1 and not follows:
        raise Failed("it does not follow on the attestation seen last")
    if previous is not None:
        _continues(opened, logs, previous)
    known = {said["attestation_id"], before and before["attestation_id"]}
    for id_, body in issued.items():
        told = body["period"]
        overlaps = told["from"] < said["period"]["to"] and told["to"] > said["period"]["from"]
        if id_ not in known and overlaps:
            raise Failed(f"another attestation was issued for the same time: {id_}")


def _continues(opened: Open, logs: Iterable[_Log], previous: bytes) -> None:
    entries = opening.unpack(previous)
    envelope = opening.envelope_of(entries, bundle.STATEMENT)
    said = opening.read_statement(envelope, statement.ATTESTATION)
    signers = envelope.signers([one.public for one in opened.signers])
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


def _root_of(entries: Mapping[str, bytes], log_id: str) -> bytes:
    part = next((one for one in bundle.logs_of(entries) if one.log_id == log_id), None)
    if part is None:
        raise Failed("the previous bundle shows another log than it names")
    try:
        return checkpoints.parse_proof(part.proof).checkpoint.root
    except ValueError as error:
        raise Malformed(f"the previous bundle's checkpoint: {error}") from None


def _anchors(
    report: Report,
    opened: Open,
    trust: Trust,
    wanted: Wanted,
    logs: Iterable[_Log],
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


def _warn(report: Report, opened: Open, trust: Trust, withheld: list[str]) -> None:
    """Step 13: what a recipient should know although everything holds."""
    for warning in opened.warnings:
        report.warn(13, warning)
    if trust.first_use:
        report.warn(13, "keys pinned on first use: compare their digests by voice")
    if withheld:
        report.warn(13, f"{len(withheld)} records are withheld")
    if len(opened.signers) == 1:
        report.warn(13, "one signature only")
    venue = opened.predicate["recipient"]["venue"]
    if venue is not None and venue not in SLOTS:
        report.warn(
            13, f"{venue} is not in the public table of venues: that it is the only stream is not proven"
        )
    for one in _venues(report.derived) if report.derived is not None else ():
        for kind, count in one["unknown_types"].items():
            report.warn(13, f"{count} records of an unknown type: {kind}")


def _summary(report: Report, opened: Open, trust: Trust) -> Report:
    """The summary profile has steps 1 to 4 and 11 to 13 only: nothing but the signature stands behind it."""
    if opened.predicate["logs"] or any(name.startswith("logs/") for name in opened.entries):
        report.fail(5, "a summary shows no logs")
    report.warn(13, "a summary: its figures are the signer's word, no record stands behind them")
    _warn(report, opened, trust, [])
    return report
