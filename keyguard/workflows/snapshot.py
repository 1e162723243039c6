"""Restate in a venue's stream what its records say, so that later attestations begin there (KGA/1 §5.3)."""

from __future__ import annotations

import json

from keyguard.core.errors import UsageError
from keyguard.core.record import parse
from keyguard.kga.derive.lines import Line
from keyguard.kga.derive.state import SNAPSHOTS, State, read
from keyguard.ports.all import Ports
from keyguard.ports.audit import Draft


def write_snapshot(ports: Ports, venue: str) -> int:
    """Write `snapshot.begin`, every key, grant, party … as it stands, `snapshot.end`; return how many.

    All of it in one transaction: no other record stands in between. It begins from the snapshot before, which
    says the same as all records before it. UsageError `log.refused` for a venue without a slot.
    """
    state = State()
    last = _follow(ports, venue, state, _start(ports, venue))  # most of it before anybody has to wait
    with ports.inventory.transaction():
        _follow(ports, venue, state, last)
        drafts = restated(venue, state)
        for answer in ports.audit.append_all(drafts):
            if isinstance(answer, UsageError):
                raise answer
    return len(drafts) - 2


def restated(venue: str, state: State) -> list[Draft]:
    """The records that say what a venue's stream has come to."""
    entities = [
        Draft(venue, f"snapshot.{kind}", {"id": id_, "state": entity})
        for kind in SNAPSHOTS
        for id_, entity in sorted(state.entities[kind].items())
    ]
    return [Draft(venue, "snapshot.begin", {}), *entities, Draft(venue, "snapshot.end", {})]


def _start(ports: Ports, venue: str) -> int:
    """The number before the newest whole snapshot, -1 without one."""
    begun = whole = ports.seals.first() - 1
    for entry in ports.audit.entries(stream=venue, holding=b'"type":"snapshot.', after=whole):
        kind = json.loads(entry.record)["type"]
        if kind == "snapshot.begin":
            begun = entry.number - 1
        elif kind == "snapshot.end":
            whole = begun
    return whole


def _follow(ports: Ports, venue: str, state: State, after: int) -> int:
    for entry in ports.audit.entries(stream=venue, after=after):
        read([Line("", parse(entry.record))], state)
        after = entry.number
    return after
