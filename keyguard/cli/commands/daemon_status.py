"""`keyguard daemon status`: is it there, and how does it do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyguard.cli import daemons, session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = (
        "Exit status 7 where no daemon of this version runs.\n\nexample: keyguard daemon status --json"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Ask it; DaemonError (exit 7) where it cannot be asked."""
    with daemons.reach(session.home_of(args)) as connection:
        status = connection.call("status")
    if out.json:
        out.document(status)
    else:
        for line in _lines(status):
            out.data(line)
    return 0


def _lines(status: dict[str, Any]) -> list[str]:
    store = status["store"]
    venues = [
        f"{one['venue']} {one['clock_offset_ms']:+d} ms"
        for one in status["venues"]
        if one["clock_offset_ms"] is not None
    ]
    driven = status["workflows"]
    return [
        f"version     {status['version']}, {status['mode']} mode, pid {status['pid']}",
        f"running     {_span(status['uptime_s'])}",
        f"store       {store['kind']}, {'locked' if store['locked'] else 'open'}",
        f"clocks      {', '.join(venues) or 'no venue was asked yet'}",
        f"hand-outs   {status['hand_outs']} run, {status['connections']} connections of "
        f"{status['processes']} processes",
        f"workflows   {status['unfinished_workflows']} unfinished"
        + ("" if driven["automatic"] else "; nothing runs by itself"),
        *(f"            {one['what']} of {one['key']} runs" for one in driven["running"]),
        *(f"            {one['workflow'][:8]} {one['state']}: {one['why']}" for one in driven["standing"]),
        f"incidents   {status['open_incidents']} open",
        *(f"frozen      {one['scope']} {one['subject']}: {one['reason']}" for one in status["frozen"]),
        *(f"waiting     {one['key']}: {one['text']}; {one['command']}" for one in status["reminders"]),
        "jobs        " + ", ".join(f"{job['name']} in {_span(job['in_s'])}" for job in status["jobs"]),
    ]


def _span(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
