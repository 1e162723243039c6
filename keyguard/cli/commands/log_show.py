"""`keyguard log show`: the audit log, as stored."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any

from keyguard import wiring
from keyguard.cli import session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--stream", help="firm or a venue")
    parser.add_argument("--type", help="only records of this type, such as handout")
    parser.add_argument("--last", type=int, metavar="N", help="only the last N records")
    parser.epilog = "example: keyguard log show --type handout --last 20"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print the records, oldest first."""
    with wiring.opened_log(session.home_of(args)) as log:
        found = log.entries(stream=args.stream, holding=json.dumps(args.type or "")[1:-1].encode())
        typed = (e for e in found if args.type is None or json.loads(e.record)["type"] == args.type)
        last = deque(typed, maxlen=None if args.last is None else max(args.last, 0))
    chosen = [(entry.number, json.loads(entry.record)) for entry in last]
    if out.json:
        out.document([{"number": number, "record": record} for number, record in chosen])
    else:
        rows = [(str(n), r["t"], r["stream"], r["type"], _line(r["body"])) for n, r in chosen]
        out.table(("no", "at (UTC)", "stream", "type", "body"), rows)
    return 0


def _line(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(", ", "="))[1:-1].replace('"', "")
