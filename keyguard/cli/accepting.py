"""What of a scan's findings is accepted already: by the project's configuration, or by a baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.scanner import baseline
from keyguard.scanner.allowances import BASELINE, PROJECT, Judge, by_fingerprint

if TYPE_CHECKING:
    import argparse

    from keyguard.scanner.config import Config
    from keyguard.scanner.scans import Scan


def accept(
    scan: Scan,
    settings: Config,
    args: argparse.Namespace,
    judges: list[Judge],
    notes: tuple[str, ...],
) -> Scan:
    """The scan without what is accepted; says which baseline entries match nothing any more."""
    known = baseline.read(Path(args.baseline)) if args.baseline else frozenset()
    reasons = dict.fromkeys(known, "in the baseline")
    found = {finding.fingerprint for finding in scan.findings}
    rest = scan.judged(
        [*judges, by_fingerprint(PROJECT, settings.allowed), by_fingerprint(BASELINE, reasons)]
    )
    rest = rest._replace(notes=(*notes, *rest.notes))
    stale = len(known - found)
    # What a part of the project does not hold may well stand in the rest of it.
    partly = args.staged or args.stdin or args.paths or args.include or args.exclude
    if stale and not partly:
        note = f"{stale} of {len(known)} baseline entries match nothing any more: --write-baseline renews it"
        rest = rest._replace(notes=(*rest.notes, note))
    return rest


def new_baseline(scan: Scan, old: str | None) -> str:
    """A baseline of all that is found now, what the old one accepted and is still there included."""
    kept = {a.fingerprint for a in scan.allowed if a.by == BASELINE} if old else set()
    return baseline.render(kept | {finding.fingerprint for finding in scan.findings})
