"""`keyguard key show`: one key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import excess_words, session, views
from keyguard.core.keys import VersionStatus, scope_names
from keyguard.workflows import authority, rights
from keyguard.workflows.blast import dangers

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("key", help="id, venue/desk/label or any unambiguous part")
    parser.epilog = "example: keyguard key show bybit/mm/bot"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print declared facts, versions, the last observation and running hand-outs."""
    with session.opened(args, out) as ports:
        key = ports.inventory.find_key(args.key)
        versions = ports.inventory.versions(key.id)
        live = next((v for v in versions if v.status is VersionStatus.LIVE), None)
        seen = ports.inventory.last_observation(live.id) if live else None
        leases = [lease for version in versions for lease in ports.inventory.open_leases(version.id)]
        danger = next(iter(dangers(ports, [key])), None)
        able, enforced = rights.able(ports, [key])[key.id], authority.enforced(ports)
    if out.json:
        document = views.key_document(key, live, seen)
        document["versions"] = [views.version_document(version) for version in versions]
        document["open_leases"] = [
            {
                "pid": lease.pid,
                "host": lease.host,
                "command": lease.command,
                "at": views.instant(lease.at),
            }
            for lease in leases
        ]
        document["may_use"] = list(able)
        document["danger"] = excess_words.danger_document(danger) if danger else None
        out.document(document)
        return 0
    out.data(key.name, style="bold")
    out.data(f"  {key.kind.value}, {key.environment.value}, id {key.id}")
    out.data(f"  purpose (declared)  {key.purpose or '-'}, needs {','.join(scope_names(key.needs)) or '-'}")
    out.data(f"  desk     {key.desk}, owner {key.owner}")
    out.data(f"  may use  {views.able_text(able, enforced=enforced)}")
    if danger:
        out.data(f"  danger   {danger.words}")
    if seen:
        out.data(f"  scopes   {views.scopes_text(seen.report)}")
        out.data(f"  ips      {views.ips_text(seen.report)}")
        out.data(f"  expires  {views.expiry_text(seen.report)}")
        out.data(f"  as seen  {views.instant(seen.at)}   {views.LEGEND}", style="dim")
    out.table(
        ("version", "access key id", "status", "since (UTC)"),
        [(f"v{v.number}", v.public_id, v.status.value, f"{v.created_at:%Y-%m-%d %H:%M}") for v in versions],
    )
    for lease in leases:
        out.data(f"  handed to {lease.command} ({lease.process}) at {views.instant(lease.at)}")
    return 0
