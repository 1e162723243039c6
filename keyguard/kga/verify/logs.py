"""Steps 5 to 8 of §14.2: which logs, their seals, their records, and that the whole period is inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from keyguard.core import canonical
from keyguard.core.slots import FIRM, slot
from keyguard.kga import bundle, merkle
from keyguard.kga.slot_table import SlotTable
from keyguard.kga.verdict import Failed
from keyguard.kga.verify.opening import Open
from keyguard.kga.verify.trust import Head, Trust
from keyguard.kga.verify.walk import Opened, Sealed, cosigned, open_stream, seal_of


@dataclass(frozen=True, slots=True)
class Log:
    """One proven log with what the statement says of it."""

    said: Mapping[str, Any]
    sealed: Sealed
    streams: Mapping[str, Opened]


def sealed_log(opened: Open, trust: Trust, said: Mapping[str, Any]) -> Sealed:
    """Step 6 for one log."""
    key = trust.logs.get(said["origin"])
    if key is None:
        raise Failed(f"no key is pinned for the log {said['origin']}")
    if said["origin"] != f"keyguard/{said['log_id']}" or said["vkey"] != str(key):
        raise Failed(f"the statement names another key or id for {said['origin']}")
    parts = {part.log_id: part for part in bundle.logs_of(opened.entries)}
    if sorted(parts) != sorted(one["log_id"] for one in opened.predicate["logs"]):
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
    if (head := _seen_last(trust, said)) is not None:
        root = sealed.seals_root_at(head.checkpoint_size)
        if root is None or root.hex() != head.checkpoint_root:
            raise Failed("the seals are not a continuation of those seen last")
    return sealed


def opened_log(opened: Open, trust: Trust, said: Mapping[str, Any], sealed: Sealed) -> Log:
    """Step 7 for one log."""
    venue = opened.predicate["recipient"]["venue"]
    folders = set(sealed.part.streams)
    if opened.predicate["profile"] == "auditor":
        names = {folder: folder for folder in sorted(folders)}
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
    if opened.predicate["profile"] == "auditor":
        _everything(said, sealed, streams)
    elif any(one.private for one in streams.values()):
        raise Failed("private parts are opened for an auditor alone")
    else:
        _range(said, streams[str(venue)], trust)
    return Log(said, sealed, streams)


def _slot_of(name: str) -> None:
    try:
        slot(name)
    except ValueError as error:
        raise Failed(str(error)) from None


def _everything(said: Mapping[str, Any], sealed: Sealed, streams: Mapping[str, Opened]) -> None:
    """For an auditor every slot opens: used ones are shown from their first record on, others are empty."""
    secret = sealed.part.seal_secret
    if secret is None or any(stream.start for stream in streams.values()):
        raise Failed("an auditor is shown every stream from its first record on, and the seal's secret")
    if (said["from"], said["to"], said["root"]) != (0, 0, merkle.EMPTY_ROOT.hex()):
        raise Failed("the statement names one stream's range, where all are shown")
    table = SlotTable({name: (one.size, one.root) for name, one in streams.items()}, secret)
    if table.root() != sealed.seal.table:
        raise Failed("a stream is not shown: the slots do not lead to the seal's table")


def _seen_last(trust: Trust, said: Mapping[str, Any]) -> Head | None:
    return None if trust.last is None else trust.last.logs.get(said["origin"])


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
    if (head := _seen_last(trust, said)) is not None:
        root = shown.root_at(head.to)
        if root is None or root.hex() != head.root:
            raise Failed("the records are not a continuation of those seen last")


def enrolled(opened: Open, logs: Iterable[Log]) -> None:
    """Step 5: every log that belongs to the firm is there, as what its first record says it is."""
    logs = list(logs)
    for one in logs:
        _begins_with_its_genesis(one)
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


def _begins_with_its_genesis(log: Log) -> None:
    first = next(iter(log.streams[FIRM].lines), None)
    if first is None or (first.record.n, first.record.type) != (0, "log.genesis"):
        raise Failed(f"the log {log.said['log_id']} does not begin with its genesis")
    if any(first.record.body[name] != log.said[name] for name in ("log_id", "origin", "role")):
        raise Failed(f"the log {log.said['log_id']} is by its genesis another, or has another role")


def whole_period(opened: Open, logs: Iterable[Log]) -> None:
    """Step 8: the seal was made after the period, or is the last of an agent that was retired; and the
    records reach back to the period's begin."""
    period = opened.predicate["period"]
    logs = list(logs)
    ended = dict(_retired(logs))
    for one in logs:
        last = ended.get(one.said["origin"])
        over = one.said["role"] == "agent" and last is not None and one.sealed.seal.no >= last
        if canonical.format_instant(one.sealed.seal.t) < period["to"] and not over:
            raise Failed("the seal was made before the period ended: its end is not shown")
        for stream in one.streams.values():
            if stream.start and not _reaches_back(stream, period["from"], one.said["role"]):
                raise Failed(f"{stream.stream}: the records shown do not reach back to the period's begin")


def _retired(logs: Iterable[Log]) -> Iterator[tuple[str, int]]:
    """Each log that was retired, and the number of its last seal."""
    for one in logs:
        for line in one.streams[FIRM].lines if one.said["role"] == "primary" else ():
            if line.record.type == "agent.retire":
                yield line.record.body["origin"], line.record.body["last_seal"]


def _reaches_back(stream: Opened, since: str, role: str) -> bool:
    """Whether the range begins with the state at the period's begin or, in an agent's log, which holds no
    snapshots, with a record from before it: then none of the period's is left out."""
    if not stream.lines or stream.lines[0].record.n != stream.start:
        return False
    first = stream.lines[0]
    return (
        first.record.type == "snapshot.begin" and first.at <= since if role == "primary" else first.at < since
    )
