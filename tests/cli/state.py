"""What a refused command must leave as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.cli.desk import Done

if TYPE_CHECKING:
    from tests.cli.desk import Desk


def state_of(desk: Desk) -> dict[str, Any]:
    """Inventory, journal, vault items, and the keys at the venues. The log may tell of refusals."""
    with desk.opened() as ports:
        keys = ports.inventory.keys()
        return {
            "keys": keys,
            "versions": [ports.inventory.versions(key.id) for key in keys],
            "workflows": ports.journal.workflows(),
            "items": {name: ports.secrets.get(name).reveal() for name in ports.secrets.names()},
            "venues": at_venues(desk),
        }


def at_venues(desk: Desk) -> dict[str, tuple[bool, bool]]:
    """Every key the venues ever made, and whether it is deleted and enabled."""
    return {
        key.public_id: (key.deleted, key.enabled)
        for venue in desk.venues.venues.values()
        for key in venue.state.book.keys.values()
    }


def said_clearly(done: Done) -> None:
    """One error of at most three lines, without a secret of the tests and without Python's own words."""
    assert 1 <= len(done.errors) <= 3, done
    assert sum(line.startswith("keyguard: error: ") for line in done.errors) == 1
    assert all(line.startswith("keyguard: ") for line in done.errors)
    assert "Traceback" not in done.err
    assert "a bug in keyguard" not in done.err
    assert "FAKEsecret" not in done.err + done.out
