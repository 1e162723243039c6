"""`keyguard verify`: check an attestation offline."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.core.errors import UsageError
from keyguard.gateway.clock import SystemClock
from keyguard.kga import dsse
from keyguard.kga.timestamps import seen_at
from keyguard.kga.verdict import Exit
from keyguard.kga.verify.opening import Wanted
from keyguard.kga.verify.steps import verify
from keyguard.kga.verify.trust import TrustError, parse, remembered

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from keyguard.cli.output import Output
    from keyguard.kga.verify.report import Report
    from keyguard.kga.verify.trust import Trust

_WORDS = {
    Exit.VERIFIED: ("ok", "green"),
    Exit.WARNINGS: ("note", "yellow"),
    Exit.FAILED: ("FAILED", "red"),
    Exit.MALFORMED: ("MALFORMED", "red"),
}
_VERDICTS = {
    Exit.VERIFIED: "VERIFIED",
    Exit.WARNINGS: "VERIFIED WITH WARNINGS",
    Exit.FAILED: "FAILED",
    Exit.MALFORMED: "FAILED",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("bundle", metavar="BUNDLE", help="the attestation, a .zip file")
    parser.add_argument("--trust", metavar="F", help="keys and what was seen last, as you pinned them")
    parser.add_argument(
        "--tofu", action="store_true", help="take the keys from the bundle, and show them to be compared"
    )
    parser.add_argument("--recipient", metavar="VENUE", help="whom it must be made for")
    parser.add_argument("--previous", metavar="F", help="the attestation before this one")
    parser.add_argument("--nonce", metavar="TEXT", help="the question it must answer")
    parser.add_argument("--max-age-days", type=int, metavar="N", help="no older than this")
    parser.add_argument("--min-serial", type=int, default=1, metavar="N", help="no earlier than this")
    parser.add_argument("--require-signatures", type=int, default=1, metavar="K", help="by different keys")
    parser.add_argument("--require-anchors", type=int, default=0, metavar="K", help="independent ones")
    parser.add_argument(
        "--remember", action="store_true", help="note in the trust file what was seen, for the next one"
    )
    parser.epilog = (
        "Exit status, its own table: 0 verified, 1 verified with warnings, 2 failed, 3 malformed,\n"
        "4 wrong use. Opens no connection, needs no home and no key.\n\n"
        "example: keyguard verify KGA-0f1e2d3c-upbit-0001.zip --trust trust.json --recipient upbit"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Verify and tell every check."""
    trust, raw, folder = _trust(args)
    wanted = Wanted(
        SystemClock().now(),
        args.recipient,
        args.nonce,
        None if args.max_age_days is None else timedelta(days=args.max_age_days),
        args.min_serial,
        args.require_signatures,
        args.require_anchors,
    )

    def timestamp(reply: bytes, data: bytes, roots: tuple[str, ...]) -> datetime:
        return seen_at(reply, data, [_read(str(folder / root)) for root in roots])

    previous = _read(args.previous) if args.previous else None
    report = verify(_read(args.bundle), trust, wanted, previous=previous, timestamp=timestamp)
    if args.remember and report.last is not None:
        _replace(Path(args.trust), remembered(raw, report.last))
    _tell(report, out, first_use=trust is None)
    return int(report.exit)


def _trust(args: argparse.Namespace) -> tuple[Trust | None, bytes, Path]:
    if args.tofu == bool(args.trust):
        raise UsageError(
            "whose keys are to be believed?",
            code="verify.trust",
            hint="--trust F names the keys you pinned; --tofu takes those of the bundle",
        )
    if args.tofu:
        if args.remember:
            raise UsageError("there is no trust file to remember in", code="verify.trust", hint="--trust F")
        return None, b"", Path()
    raw = _read(args.trust)
    try:
        return parse(raw), raw, Path(args.trust).parent
    except TrustError as error:
        raise UsageError(str(error), code="verify.trust", hint=f"see {args.trust}") from None


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise UsageError(f"{path} cannot be read: {reason}", code="verify.file") from None


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise UsageError(
            f"what was seen could not be noted in {path}: {(error.strerror or 'error').lower()}",
            code="verify.file",
            still="the trust file is as it was",
        ) from None


def _tell(report: Report, out: Output, *, first_use: bool) -> None:
    said = report.predicate
    if out.json:
        out.document(
            {
                "verdict": _VERDICTS[report.exit],
                "exit": int(report.exit),
                "checks": [
                    {
                        "step": check.step,
                        "what": check.what,
                        "outcome": _WORDS[check.outcome][0].lower(),
                        "detail": check.detail,
                    }
                    for check in report.checks
                ],
                "attestation_id": said["attestation_id"] if said else None,
                "summary": report.derived.get("summary") if report.derived else None,
            }
        )
        return
    if said is not None:
        period = said["period"]
        out.data(f"{said['attestation_id']} of {said['firm']['name_latin']}", "bold")
        out.data(f"period {period['from']} to {period['to']} ({period['tz']}), issued {said['issued_at']}")
    for check in sorted(report.checks, key=lambda one: one.step):
        word, style = _WORDS[check.outcome]
        out.data(
            f"{check.step:>3}  {word:<9}  {check.what}{': ' if check.detail else ''}{check.detail}", style
        )
    if first_use and said is not None:
        for log in said["logs"]:
            out.data(f"log key      {log['vkey']}")
        out.data(f"officer key  {said['officer']['key_sha256']}")
        out.data(f"key ids are SHA-256 of the public key ({dsse.IN_TOTO}); compare them by voice")
    out.data(_VERDICTS[report.exit], _WORDS[report.exit][1])
