"""`keyguard reconcile`: an exchange compares its own key list with an attestation."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.core import canonical
from keyguard.core.errors import UsageError
from keyguard.kga import bundle, container, dsse, statement
from keyguard.kga.derive.lines import Period
from keyguard.kga.reconcile import Difference, reconcile, venue_key

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("bundle", metavar="BUNDLE", help="the attestation, verified before")
    parser.add_argument("keys", metavar="VENUE_KEYS.CSV", help="the exchange's own list of the firm's keys")
    parser.epilog = (
        "The list has the columns access_key, created_at, scopes, ip_allow, revoked_at, last_used_at,\n"
        "source_ips; others are ignored, missing ones are not compared. The output is CSV, or JSON with\n"
        "--json; nothing is written into the bundle. Exit 0 no difference, 1 differences, 4 wrong use.\n"
        "It does not verify the bundle: run `keyguard verify` first.\n\n"
        "example: keyguard reconcile KGA-0f1e2d3c-upbit-0001.zip venue_keys.csv"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Compare and print the differences."""
    try:
        entries = container.unpack(_read(args.bundle))
        payload = dsse.parse(entries[bundle.STATEMENT]).payload
        said = statement.parse(payload, statement.ATTESTATION).predicate
        derived = canonical.decode(entries[bundle.DERIVED])
        register, salt = derived["register"], said["fingerprint_salt"]
    except (ValueError, KeyError):
        raise UsageError(f"{args.bundle} is no attestation for a venue", code="reconcile.bundle") from None
    if salt is None:
        raise UsageError("a summary holds no fingerprints to compare", code="reconcile.bundle")
    period = Period(said["period"]["from"], said["period"]["to"])
    venue = said["recipient"]["venue"]
    try:
        rows = [venue_key(row) for row in _table(args.keys)]
    except ValueError as error:
        raise UsageError(f"{args.keys}: {error}", code="reconcile.table") from None
    found = reconcile(register, rows, venue=venue, salt=bytes.fromhex(salt), period=period)
    _tell(found, out)
    return 1 if found else 0


def _table(path: str) -> list[dict[str, str]]:
    try:
        text = _read(path).decode("utf-8-sig")
        return [{k: v or "" for k, v in row.items() if k} for row in csv.DictReader(io.StringIO(text))]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is no CSV in UTF-8: {error}", code="reconcile.table") from None


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise UsageError(f"{path} cannot be read: {reason}", code="reconcile.file") from None


def _tell(found: list[Difference], out: Output) -> None:
    rows = [{name: str(value) for name, value in asdict(one).items()} for one in found]
    if out.json:
        out.document({"differences": rows})
        return
    held = io.StringIO()
    writer = csv.DictWriter(held, list(Difference.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    for line in held.getvalue().splitlines():
        out.data(line)


def _cell(value: str) -> str:
    """A text that a sheet would take for a formula gets an apostrophe (KGA/1 §12.3)."""
    return "'" + value if value.lstrip()[:1] in tuple("=+-@＝＋－＠") else value
