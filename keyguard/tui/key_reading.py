"""What a key's page shows beyond the list: versions, hand-outs and proofs of the audit log."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keyguard.core.canonical import parse_instant
from keyguard.core.keys import Key, KeyVersion, Origin
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Observation
from keyguard.workflows import inferred_death

MOST = 200
"""Events that are kept of a key, the newest."""


@dataclass(frozen=True, slots=True)
class Event:
    """A record of the log about the key. `detail`: values of its body that say what happened.

    `origin` None: what keyguard itself did; else how the fact in it is known.
    """

    at: datetime
    type: str
    detail: str
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class KeyDetail:
    """Versions with what their venue last said, oldest first; events, newest first."""

    versions: tuple[KeyVersion, ...]
    seen: Mapping[str, Observation]
    events: tuple[Event, ...]


def detail(ports: Ports, key: Key) -> KeyDetail:
    """Read it; StoreError, and UsageError where the key is gone."""
    versions = ports.inventory.versions(key.id)
    found: dict[int, Event] = {}
    for version in versions:
        entries = ports.audit.entries(stream=key.venue, holding=version.fingerprint.encode())
        for entry in deque(entries, maxlen=MOST):
            record = json.loads(entry.record)
            if version.fingerprint in (record["body"].get(name) for name in ("key", "old", "new")):
                found[entry.number] = _event(record)
    return KeyDetail(
        versions,
        ports.inventory.last_observations([version.id for version in versions]),
        tuple(found[number] for number in sorted(found, reverse=True)[:MOST]),
    )


def _event(record: Mapping[str, Any]) -> Event:
    body, type_ = record["body"], record["type"]
    values = (body.get(name) for name in _TELLING.get(type_, ()))
    text = ", ".join(str(value) for value in values if isinstance(value, str | int) and value != "")
    return Event(parse_instant(record["t"]), type_, text, _origin(type_, body))


_TELLING = {
    "handout": ("mode", "process", "purpose"),
    "handout.denied": ("reason",),
    "key.observe": ("status",),
    "key.register": ("source", "storage"),
    "key.revoke": ("reason", "at_venue"),
    "key.revoke_confirmed": ("method", "meaning", "venue_code"),
    "key.rotate": ("reason",),
    "orders.cancel_result": ("result", "orders", "code"),
}


def _origin(type_: str, body: Mapping[str, Any]) -> Origin | None:
    """How what the record tells is known: by the venue's answer, by inference from it, by a person."""
    if type_ in ("key.observe", "key.register"):
        origin = body.get("scopes_venue", {}).get("scopes_origin", Origin.UNKNOWN.value)
        return Origin(origin)
    if type_ == "key.revoke_confirmed":
        if body.get("meaning") == "manual_screenshot":
            return Origin.DECLARED
        return Origin.INFERRED if body.get("method") == inferred_death.METHOD else Origin.REPORTED
    return None
