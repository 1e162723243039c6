"""Restate in a venue's stream what its records say, so that later attestations begin there (KGA/1 §5.3)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from keyguard.core.errors import UsageError
from keyguard.core.record import parse
from keyguard.kga.derive.lines import Line, in_order
from keyguard.kga.derive.state import SNAPSHOTS, State, read
from keyguard.ports.all import Ports
from keyguard.ports.audit import Draft


def write_snapshot(ports: Ports, venue: str, others: Sequence[Line] = ()) -> int:
    """Write `snapshot.begin`, every key, grant, party … as it stands, `snapshot.end`; return how many.

    All of it in one transaction: no other record stands in between. It begins from the snapshot before, which
    says the same as all records before it. `others`: what agents' logs say of the venue; it counts
    for what this log speaks of, the rest is theirs to tell. UsageError `log.refused` where it has no slot.
    """
    lines: list[Line] = []
    last = _follow(ports, venue, lines, _start(ports, venue))  # most of it before anybody has to wait
    with ports.inventory.transaction():
        _follow(ports, venue, lines, last)
        state = read(lines)
        drafts = restated(venue, _with(state, lines, others) if others else state)
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


def _with(own: State, lines: Sequence[Line], others: Sequence[Line]) -> State:
    """The entities this log speaks of, as all logs together have them."""
    together = read(in_order([*lines, *others]))
    for kind in SNAPSHOTS:
        known = together.entities[kind]
        for id_ in [*own.entities[kind]]:
            if id_ in known:
                own.entities[kind][id_] = known[id_]
            else:  # such as a stranger that an agent registered
                del own.entities[kind][id_]
    return own


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


def _follow(ports: Ports, venue: str, lines: list[Line], after: int) -> int:
    for entry in ports.audit.entries(stream=venue, after=after):
        lines.append(Line("", parse(entry.record)))
        after = entry.number
    return after
