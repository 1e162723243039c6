"""`keyguard log verify`: recompute the whole audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.cli import session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = (
        "Exit status 6 names the first record that does not match. Works on a copy of a home, without its\n"
        "secret store.\n\nexample: keyguard --home /mnt/evidence/keyguard log verify"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Verify; IntegrityError (exit 6) names the record."""
    with wiring.opened_log(session.home_of(args)) as log:
        right = log.verify()
    if out.json:
        out.document({"records": right.records, "streams": dict(right.streams), "chain": right.chain.hex()})
        return 0
    streams = ", ".join(f"{name} {count}" for name, count in sorted(right.streams.items()))
    out.data(f"{right.records} records match ({streams})")
    out.data(f"chain {right.chain.hex()}")
    return 0
