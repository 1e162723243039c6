"""`keyguard panic`: end many keys at once, and say what a person must do now."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import panic_words, session
from keyguard.cli.commands import simulate
from keyguard.cli.person import TerminalPerson
from keyguard.core.errors import UsageError
from keyguard.processes import process_alive
from keyguard.workflows import cancel_orders, panic
from keyguard.workflows.plan import REASONS

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.ports.all import Ports


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--desk", default="", metavar="D", help="the keys of a desk")
    which.add_argument("--venue", default="", metavar="V", help="the keys at a venue")
    which.add_argument("--person", default="", metavar="P", help="what a person could reach or did touch")
    which.add_argument("--all", action="store_true", help="every key")
    parser.add_argument("--yes", action="store_true", help="do it; without it only say what it would mean")
    parser.add_argument(
        "--rehearse",
        action="store_true",
        help="do it with stand-ins for the venues, against the clock; the home stays as it is",
    )
    parser.add_argument("--reason", default="suspicion", metavar="R", help=", ".join(REASONS))
    parser.add_argument(
        "--manager",
        action="append",
        default=[],
        metavar="K",
        help="a key that manages others, where its venue does not tell so (Binance); may be repeated",
    )
    parser.add_argument(
        "--cancel-orders",
        action="store_true",
        help="first cancel ALL open orders of the keys' accounts, whoever placed them, where a venue can",
    )
    parser.add_argument(
        "--emergency-log", type=Path, metavar="F", help="written where the database cannot be (in the home)"
    )
    parser.epilog = (
        "Hand-outs end first, then every key is revoked at its venue, then each is proven dead. What no API\n"
        "ends is listed with the pages, worst first. Exit status 1: a person has something to do now.\n\n"
        "example: keyguard panic --desk mm --yes\n"
        "         keyguard panic --all --rehearse"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Show, rehearse or do it; the exit status is that of the worst that is left."""
    scope = _scope(args)
    file = args.emergency_log or session.home_of(args).emergency_file
    watch = panic_words.StopWatch(out)
    with session.opened_for_panic(args, out, watch, file) as (ports, emergency):
        chosen = panic.targets(ports, desk=args.desk, venue=args.venue, person=args.person)
        if args.rehearse and not all(ports.gateway.simulated(one.key.venue) for one in chosen):
            return _rehearse(args, out, watch, ports, chosen)
        if not (args.yes or args.rehearse):
            planned = panic.cancellations(ports, chosen) if args.cancel_orders else ()
            panic_words.tell_plan(out, ports, chosen, planned)
            return 0
        outcome = panic.panic(
            ports,
            chosen,
            scope=scope,
            reason=args.reason,
            actor=session.actor(),
            process_alive=process_alive,
            named=[ports.inventory.find_key(name) for name in args.manager],
            emergency=emergency,
            cancel=args.cancel_orders,
            bound_s=cancel_orders.BOUND_S,
        )
        panic_words.tell_outcome(out, ports, outcome)
    return panic_words.exit_status(outcome)


def _scope(args: argparse.Namespace) -> str:
    for name in ("desk", "venue", "person"):
        if value := getattr(args, name):
            return f"{name} {value}"
    return "all"


def _rehearse(
    args: argparse.Namespace,
    out: Output,
    watch: panic_words.StopWatch,
    ports: Ports,
    chosen: tuple[panic.Target, ...],
) -> int:
    """End keys of the same names at stand-ins: no secret of the home is opened and no venue of it asked."""
    simulate.demand_extra()
    from keyguard.rehearsal.panic import LATENCY_MS, mirror, rehearsed  # noqa: PLC0415 - rarely needed

    mirrored = mirror(ports, chosen, [ports.inventory.find_key(name) for name in args.manager])
    if not mirrored.chosen:
        raise UsageError(
            "nothing stands in for the venues of these keys",
            code="panic.no_stand_in",
            still="nothing was changed",
        )
    out.talk(f"keyguard: a rehearsal: stand-ins for {', '.join(mirrored.wanted)}, {LATENCY_MS} ms away")
    out.talk("keyguard: their keys trade or manage keys, whatever yours can do besides")
    for name in mirrored.without:
        out.talk(f"keyguard: not rehearsed, nothing stands in for its venue: {name}")
    nobody = TerminalPerson(watch, io.BytesIO(), interactive=False)
    with rehearsed(mirrored, nobody) as drill:
        watch.restart()
        outcome = panic.panic(
            drill.ports,
            drill.chosen,
            scope=_scope(args),
            reason=args.reason,
            actor=session.actor(),
            process_alive=process_alive,
            named=drill.named,
            cancel=args.cancel_orders,
            bound_s=cancel_orders.BOUND_S,
        )
        panic_words.tell_outcome(out, drill.ports, outcome, rehearsed=True)
    out.talk("keyguard: that was a rehearsal: nothing of this home was changed, no venue was asked")
    return panic_words.exit_status(outcome)
