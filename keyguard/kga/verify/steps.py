"""The steps of §14.2 in their order. A structural one that fails ends it; of the later ones all are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from keyguard.core.slots import FIRM, SLOTS
from keyguard.kga import bundle, dsse, private_parts
from keyguard.kga.derive.derived import derive, encode
from keyguard.kga.derive.lines import Line, Period
from keyguard.kga.verdict import Failed, Malformed
from keyguard.kga.verify import logs as proven
from keyguard.kga.verify import opening, past, wording
from keyguard.kga.verify.logs import Log
from keyguard.kga.verify.opening import Open, Wanted
from keyguard.kga.verify.past import Timestamp
from keyguard.kga.verify.report import Report
from keyguard.kga.verify.rows import demand_chosen, register_root
from keyguard.kga.verify.trust import Head, Last, Trust


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
            sealed = proven.sealed_log(opened, trust, said)
            step = 7
            logs.append(proven.opened_log(opened, trust, said, sealed))
        step = 5
        proven.enrolled(opened, logs)
        report.good(5, f"{len(logs)}")
        report.good(6, ", ".join(f"{one.said['origin']} seal {one.said['seal_no']}" for one in logs))
        report.good(7, f"{sum(len(s.leaves) for one in logs for s in one.streams.values())} records")
    except (Failed, Malformed) as error:
        report.fail(step, error)
        return report
    _judge(report, opened, trust, wanted, logs, previous, timestamp)
    return report


def _judge(
    report: Report,
    opened: Open,
    trust: Trust,
    wanted: Wanted,
    logs: list[Log],
    previous: bytes | None,
    timestamp: Timestamp | None,
) -> None:
    """Steps 8 to 13: each is looked at, whatever the others say."""
    withheld = [why for one in logs for stream in one.streams.values() for why in stream.withheld]
    _each(report, 8, lambda: proven.whole_period(opened, logs))
    derived = _each(report, 9, lambda: _tables(opened, logs, withheld))
    if derived is not None:
        report.derived = derived
        _each(report, 10, lambda: wording.check(opened.predicate, derived, withheld))
    _each(report, 11, lambda: past.before(opened, trust, logs, previous))
    _each(report, 12, lambda: past.anchors(report, opened, trust, wanted, logs, timestamp))
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
    if opened.predicate["profile"] == "auditor":
        _warn_auditor(report, logs)
    _warn(report, opened, trust, withheld)


def _warn_auditor(report: Report, logs: list[Log]) -> None:
    """What an auditor has to ask the firm about."""
    streams = [stream for one in logs for stream in one.streams.values()]
    closed = sum(
        line.record.priv is not None and line.record.n not in stream.private
        for stream in streams
        for line in stream.lines
    )
    if closed:
        report.warn(13, f"{closed} private parts are not opened")
    for name in sorted({stream.stream for stream in streams} - SLOTS.keys() - {FIRM}):
        report.warn(13, f"{name} is not in the public table of venues: ask which venue it is")
    for doubt in private_parts.doubtful(private_parts.persons(_opened(logs))):
        report.warn(13, f"who is who is in doubt: {doubt}")


def _each(report: Report, step: int, look: Callable[[], Any]) -> Any:
    try:
        found = look()
    except (Failed, Malformed) as error:
        report.fail(step, error)
        return None
    report.good(step)
    return found


def _tables(opened: Open, logs: list[Log], withheld: list[str]) -> dict[str, Any]:
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


def recompute(profile: str, period: Period, logs: list[Log], withheld: int) -> dict[str, Any]:
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
    return {"persons": private_parts.persons(_opened(logs)), "venues": by_venue}


def _opened(logs: list[Log]) -> Iterator[private_parts.Paired]:
    for stream in (stream for one in logs for stream in one.streams.values()):
        yield from private_parts.paired(stream.lines, stream.private)


def _lines(log: Log, name: str) -> tuple[Line, ...]:
    return log.streams[name].lines if name in log.streams else ()


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
    tables = opened.entries.get(bundle.DERIVED, b"{}")
    try:
        shown = demand_chosen(tables, opened.predicate["register"])
        report.good(9, f"{shown} rows of the register are proven, nothing else in the tables")
    except (Failed, Malformed) as error:
        report.fail(9, error)
    report.warn(13, "a summary: its figures are the signer's word, no record stands behind them")
    _warn(report, opened, trust, [])
    return report
