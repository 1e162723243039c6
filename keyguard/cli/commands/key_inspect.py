"""`keyguard key inspect`: ask the venue about a key and show what drifted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import declared, session, views
from keyguard.workflows.inspect_key import inspect_key

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.workflows.inspect_key import Inspection

FINDINGS = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("key", help="id, venue/desk/label or any unambiguous part")
    parser.epilog = "Exit status 1 for drift or a dead key.\n\nexample: keyguard key inspect bybit/mm/bot"


def run(args: argparse.Namespace, out: Output) -> int:
    """Ask once, record, compare."""
    with session.opened(args, out) as ports:
        seen = inspect_key(ports, args.key)
        observation = ports.inventory.last_observation(seen.version.id)
    if out.json:
        document = views.key_document(seen.key, seen.version, observation if seen.report else None)
        document["drift"] = [
            {"what": d.what, "before": d.before, "now": d.now, "against": d.against.value} for d in seen.drift
        ]
        document["warnings"] = declared.warnings_document(seen.warnings)
        document["refused"] = seen.refusal.fault.value if seen.refusal else None
        document["dead"] = seen.dead
        out.document(document)
    else:
        _tell(out, seen)
    return FINDINGS if seen.drift or seen.refusal else 0


def _tell(out: Output, seen: Inspection) -> None:
    if seen.refusal:
        out.data(f"{seen.key.name}: {seen.refusal.message}", style="red")
        out.data(
            "  the venue no longer accepts this key" if seen.dead else "  this alone does not prove it dead"
        )
        return
    assert seen.report is not None
    out.data(seen.key.name, style="bold")
    out.data(f"  scopes   {views.scopes_text(seen.report)}")
    out.data(f"  ips      {views.ips_text(seen.report)}")
    out.data(f"  expires  {views.expiry_text(seen.report)}")
    for drift in seen.drift:
        out.data(f"  drift    {drift.what}: was {drift.before}, is {drift.now}", style="red")
    for note in seen.report.notes:
        out.data(f"  note     {note}")
    declared.tell_warnings(out, seen.warnings)
    out.talk(views.LEGEND, style="dim")
