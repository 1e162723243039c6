"""`keyguard key list`: the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session, views
from keyguard.core.keys import Environment
from keyguard.workflows import authority, rights

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.core.keys import Key, KeyVersion
    from keyguard.ports.inventory import Observation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "example: keyguard key list --json"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print all keys with their live version and what the venue last said."""
    with session.opened(args, out) as ports:
        keys = ports.inventory.keys()
        able, enforced = rights.able(ports, keys), authority.enforced(ports)
        live = ports.inventory.live_versions([key.id for key in keys])
        seen = ports.inventory.last_observations([version.id for version in live.values()])
    rows = [
        (key, version, seen.get(version.id) if version else None)
        for key, version in ((key, live.get(key.id)) for key in keys)
    ]
    if out.json:
        out.document([views.key_document(*row) | {"may_use": list(able[row[0].id])} for row in rows])
        return 0
    out.table(
        ("key", "version", "scopes", "ips", "expires", "seen (UTC)", "owner", "may use"),
        [(*_row(*row), row[0].owner, views.able_text(able[row[0].id], enforced=enforced)) for row in rows],
    )
    if seen:
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
