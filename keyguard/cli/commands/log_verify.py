"""`keyguard log verify`: recompute the whole audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.cli import session
from keyguard.workflows import backup
from keyguard.workflows.check_seals import check_seals

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.workflows.backup import Restoration


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--head", default="", metavar="RECORDS:CHAIN", help="also an end of this log that was noted elsewhere"
    )
    parser.epilog = (
        "Exit status 6 names the first record that does not match. Works on a copy of a home, without its\n"
        "secret store.\n\nexample: keyguard --home /mnt/evidence/keyguard log verify"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Verify; IntegrityError (exit 6) names the record or the seal."""
    known = backup.parse_head(args.head) if args.head else None
    with wiring.opened_evidence(session.home_of(args)) as (log, seals):
        right = log.verify()
        sealed = check_seals(seals)
        restored = backup.restorations(log)
        if known:
            backup.demand_head(log, known)
    if out.json:
        told = {"records": right.records, "streams": dict(right.streams), "chain": right.chain.hex()}
        told["seals"] = sealed
        out.document(told | {"restored": [_restored(one) for one in restored]})
        return 0
    streams = ", ".join(f"{name} {count}" for name, count in sorted(right.streams.items()))
    out.data(f"{right.records} records match ({streams})")
    out.data(f"chain {right.chain.hex()}")
    if sealed:
        out.data(f"{sealed} seals match the records and each other")
    for one in restored:
        lost = (
            "nothing known is missing" if one.whole else f"{one.lost or 'perhaps'} later records are missing"
        )
        out.data(f"record {one.number}: restored from a backup of {one.records} records, {lost}")
    return 0


def _restored(one: Restoration) -> dict[str, object]:
    return {
        "record": one.number,
        "records": one.records,
        "made_at": one.made_at.isoformat(),
        "at": one.at.isoformat(),
        "whole": one.whole,
        "lost": one.lost,
    }
