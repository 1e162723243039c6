"""`keyguard incident preserve`: a sealed copy of the log's records of that time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import incident_words, people_words, session
from keyguard.core.errors import IntegrityError
from keyguard.core.incidents import Step
from keyguard.stores.evidence import EvidenceFolder
from keyguard.workflows import preserve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from keyguard.cli.output import Output
    from keyguard.core.incidents import Incident


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    incident_words.incident_argument(parser)
    parser.add_argument("--since", metavar="D", help="from then; without it 30 days before the detection")
    parser.add_argument("--check", action="store_true", help="see that what was preserved is as it was made")
    parser.epilog = (
        "Below the home, for its owner alone; with the private parts of the records. `sha256sum -c\n"
        "SHA256SUMS` checks the files anywhere, --check also the chain and the log's note (else exit 6).\n"
        "\nexample: keyguard incident preserve in_5c1f --since 2026-10-01"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Copy and record, or check."""
    folder = session.home_of(args).incidents

    def package(incident: str, name: str) -> EvidenceFolder:
        return EvidenceFolder(folder / incident / name)

    with session.opened(args, out) as ports:
        if args.check:
            return _check(out, ports.incidents.find(args.incident), package, folder)
        since = people_words.start(args.since)
        incident, made = preserve.preserve(ports, args.incident, package, actor=session.actor(), since=since)
    where = folder / incident.id / made.name
    if out.json:
        told = {"first": made.first, "last": made.last, "sums_sha256": made.sums_sha256}
        out.document({"incident": incident.id, "folder": str(where), **told})
    else:
        out.data(f"{where}: records {made.first} to {made.last}")
        out.data(f"  {preserve.SUMS} {made.sums_sha256}")
    return 0


def _check(
    out: Output, incident: Incident, package: Callable[[str, str], EvidenceFolder], folder: Path
) -> int:
    names = sorted(path.name for path in (folder / incident.id).glob("log-*"))
    noted = sum(event.step is Step.PRESERVED for event in incident.events)
    whole = [name for name in names if (folder / incident.id / name / preserve.SUMS).exists()]
    counted = {name: preserve.check(package(incident.id, name), incident) for name in whole}
    if len(counted) < noted:
        raise IntegrityError(
            f"{noted} packages were recorded, {len(counted)} are there",
            code="incident.altered",
            hint=f"look for a copy of {folder / incident.id}",
        )
    if out.json:
        out.document([{"package": name, "records": count} for name, count in counted.items()])
    else:
        for name, count in counted.items():
            out.data(f"{name}: {count} records, as they were preserved", style="green")
    return 0
