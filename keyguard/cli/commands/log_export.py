"""`keyguard log export`: the audit log as lines, for a SIEM."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.cli import session
from keyguard.core import siem
from keyguard.core.errors import UsageError
from keyguard.core.record import parse

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from keyguard.cli.output import Output
    from keyguard.ports.audit import Entry

FORMATS = ("jsonl", "rfc5424")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--format", choices=FORMATS, default="jsonl")
    parser.add_argument("--stream", help="firm or a venue")
    parser.add_argument("--after", type=int, default=-1, metavar="N", help="only records after this number")
    parser.add_argument("--to", metavar="WHERE", help="unix:/dev/log or tls://host:6514, instead of stdout")
    parser.add_argument(
        "--resume", type=Path, metavar="FILE", help="go on after the number in it; updated after each run"
    )
    parser.add_argument(
        "--for-primary",
        type=Path,
        metavar="FILE",
        help="the whole log, sealed, for the home that attests for this host (keyguard agent import)",
    )
    parser.epilog = "example: keyguard log export --format rfc5424 --to tls://siem.example:6514 --resume sent"


def run(args: argparse.Namespace, out: Output) -> int:
    """Send or print the records, oldest first."""
    if args.for_primary:
        return _hand_over(args, out)
    after = max(args.after, _read(args.resume))
    host = socket.gethostname()
    last, count = after, 0
    with wiring.opened_log(session.home_of(args)) as log, _sink(args.to, out) as send:
        try:
            for entry in log.entries(stream=args.stream):
                if entry.number > after:
                    send(_line(entry, args.format, host))
                    last, count = entry.number, count + 1
        finally:
            if args.resume and last > after:
                _write(args.resume, last)
    if args.to:
        out.talk(f"keyguard: {count} records sent, up to number {last}")
    return 0


def _hand_over(args: argparse.Namespace, out: Output) -> int:
    """Only its owner can read it: it holds the private parts of records. It is searched here, where the
    secrets of this host's keys are known: the primary home could not find them."""
    from keyguard.attestations import Finishing  # noqa: PLC0415 - not for other exports
    from keyguard.kga import container  # noqa: PLC0415 - as above
    from keyguard.stores.private_file import replace_private  # noqa: PLC0415 - loads the store
    from keyguard.workflows.attest_predicate import Recipient  # noqa: PLC0415 - as above
    from keyguard.workflows.log_hand_over import hand_over  # noqa: PLC0415 - as above

    with session.opened(args, out) as ports:
        sealed, data = hand_over(ports)
        primary = Recipient(None, "other", "the primary home")
        Finishing(session.home_of(args), ports).gate(container.unpack(data), primary, ())
    replace_private(args.for_primary, data)
    out.talk(f"keyguard: {args.for_primary}: {sealed.records} records under {sealed.checkpoint.size} seals")
    return 0


def _line(entry: Entry, format_: str, host: str) -> str:
    if format_ == "jsonl":
        return siem.json_line(entry.number, entry.record)
    return siem.rfc5424(entry.number, parse(entry.record), host)


@contextlib.contextmanager
def _sink(where: str | None, out: Output) -> Iterator[Callable[[str], None]]:
    if where is None:
        yield out.data
        return
    from keyguard.gateway.syslog import collector  # noqa: PLC0415 - TLS only where it is asked for

    with collector(where) as send:
        yield send


def _read(path: Path | None) -> int:
    if path is None or not path.exists():
        return -1
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if not text.isdecimal():
        raise UsageError(
            f"{path} holds no record's number",
            code="log.resume",
            still="nothing was sent",
            hint="name another file, or write the number of the last record that was sent into it",
        )
    return int(text)


def _write(path: Path, number: int) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(f"{number}\n", encoding="ascii")
    fresh.replace(path)
