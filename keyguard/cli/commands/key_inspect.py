"""`keyguard key inspect`: ask the venue about a key, or about all, and show what drifted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import declared, session, views
from keyguard.core.errors import Refused, UsageError
from keyguard.workflows import deaths, look

if TYPE_CHECKING:
    import argparse
    from typing import Any

    from keyguard.cli.output import Output
    from keyguard.ports.all import Ports
    from keyguard.workflows.inspect_key import Inspection
    from keyguard.workflows.look import Looked

FINDINGS = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("key", nargs="?", help="id, venue/desk/label or any unambiguous part")
    parser.add_argument(
        "--all", action="store_true", help="every key; also keys at the venues that nobody registered"
    )
    parser.epilog = (
        "What is wrong becomes a finding (`keyguard attention`). Exit status 1 for drift, a dead key or\n"
        "a key nobody registered, 4 where a venue could not be asked.\n"
        "\nexample: keyguard key inspect bybit/mm/bot"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Ask once a key, record, compare."""
    if (args.key is None) is not args.all:
        raise UsageError(
            "name a key, or all of them by --all", code="usage", hint="keyguard key inspect --help"
        )
    with session.opened(args, out) as ports:
        if args.all:
            return _tell_all(out, look.at_all(ports), ports)
        seen = look.at_key(ports, args.key)
        document = _document(ports, seen)
    if out.json:
        out.document(document)
    else:
        _tell(out, seen, document["incident"])
    return FINDINGS if seen.drift or seen.refusal else 0


def _document(ports: Ports, seen: Inspection) -> dict[str, Any]:
    observation = ports.inventory.last_observation(seen.version.id)
    document = views.key_document(seen.key, seen.version, observation if seen.report else None)
    document["drift"] = [
        {"what": d.what, "before": d.before, "now": d.now, "against": d.against.value} for d in seen.drift
    ]
    document["warnings"] = declared.warnings_document(seen.warnings)
    document["refused"] = seen.refusal.fault.value if seen.refusal else None
    document["dead"] = seen.dead
    incident = deaths.of(ports, seen.version)
    document["incident"] = incident.id if incident is not None and incident.open else None
    return document


def _tell_all(out: Output, looked: Looked, ports: Ports) -> int:
    if out.json:
        out.document(
            {
                "keys": [_document(ports, seen) for seen in looked.inspections],
                "unknown": [{"subject": item.subject, "text": item.text} for item in looked.unknown],
                "unasked": [{"name": name, "why": why} for name, why in looked.unasked.items()],
            }
        )
    else:
        for seen in looked.inspections:
            _tell(out, seen, _document(ports, seen)["incident"])
        for item in looked.unknown:
            out.data(f"{item.subject}: {item.text}", style="red")
            out.data(f"  {item.command}")
        for name, why in looked.unasked.items():
            out.talk(f"keyguard: not asked: {name}: {why}")
    if looked.unknown or any(seen.drift or seen.refusal for seen in looked.inspections):
        return FINDINGS
    return Refused.exit_status if looked.unasked else 0


def _tell(out: Output, seen: Inspection, incident: str | None) -> None:
    if seen.refusal:
        out.data(f"{seen.key.name}: {seen.refusal.message}", style="red")
        out.data(
            "  the venue no longer accepts this key" if seen.dead else "  this alone does not prove it dead"
        )
        if incident is not None:
            out.data(f"  nobody here ended it: keyguard incident show {incident}", style="red")
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
