"""`keyguard key list`: the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session, views
from keyguard.core.keys import Environment, KeyVersion, VersionStatus
from keyguard.workflows import authority, rights

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.core.keys import Key
    from keyguard.ports.inventory import Observation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "example: keyguard key list --json"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print all keys with their live version and what the venue last said."""
    with session.opened(args, out) as ports:
        rows: list[tuple[Key, KeyVersion | None, Observation | None]] = []
        keys = ports.inventory.keys()
        able, enforced = rights.able(ports, keys), authority.enforced(ports)
        for key in keys:
            versions = ports.inventory.versions(key.id)
            live = next((v for v in versions if v.status is VersionStatus.LIVE), None)
            rows.append((key, live, ports.inventory.last_observation(live.id) if live else None))
    if out.json:
        out.document([views.key_document(*row) | {"may_use": list(able[row[0].id])} for row in rows])
        return 0
    out.table(
        ("key", "version", "scopes", "ips", "expires", "seen (UTC)", "owner", "may use"),
        [(*_row(*row), row[0].owner, views.able_text(able[row[0].id], enforced=enforced)) for row in rows],
    )
    if any(seen for _, _, seen in rows):
        out.talk(views.LEGEND, style="dim")
    return 0


def _row(key: Key, live: KeyVersion | None, seen: Observation | None) -> tuple[str, ...]:
    name = key.name + (" [simulated]" if key.environment is Environment.SIMULATED else "")
    number = f"v{live.number}" if live else "none live"
    if not seen:
        return (name, number, "never asked", "", "", "")
    report = seen.report
    told = (views.scopes_text(report), views.ips_text(report), views.expiry_text(report))
    return (name, number, *told, f"{seen.at:%Y-%m-%d %H:%M}")
