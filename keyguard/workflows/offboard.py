"""Off-board a person: end what they may do, then say what they could reach and did touch, worst first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from keyguard.core import canonical
from keyguard.core.danger import rank
from keyguard.core.keys import Environment, Key, Scope
from keyguard.core.people import Approval, Grant, GrantState, Person
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Lease
from keyguard.workflows import danger
from keyguard.workflows.approvals import pending
from keyguard.workflows.declare_person import find
from keyguard.workflows.identity import names
from keyguard.workflows.rights import key_scopes


@dataclass(frozen=True, slots=True)
class Handed:
    """One hand-out of the log; `revealed`: it was shown to their eyes."""

    at: datetime
    revealed: bool


@dataclass(frozen=True, slots=True)
class Touched:
    """A key the person could use or was handed. `handouts` counts those of versions that still work,
    `revealed` those among them that were shown to their eyes; `holders`: how many people can have the key.

    `scopes` None: nobody knows what the key can do, so it is taken for the worst.
    """

    key: Key
    scopes: Scope | None
    any_address: bool
    could_use: bool
    handouts: int
    last: datetime | None
    running: tuple[Lease, ...]
    holders: int = 0
    revealed: int = 0

    @property
    def must_rotate(self) -> bool:
        """Whether a version they were handed still works: they may have kept it."""
        return self.handouts > 0

    @property
    def command(self) -> str:
        """What replaces the key."""
        return f"keyguard key rotate {self.key.name} --reason leaver"


@dataclass(frozen=True, slots=True)
class Plan:
    """What off-boarding a person means. `keys` are in the order in which to rotate them; `past` are all
    hand-outs to them by the fingerprint of a version, of those that are dead too."""

    person: Person
    grants: tuple[Grant, ...]
    keys: tuple[Touched, ...]
    owned: tuple[Key, ...]
    asked: tuple[Approval, ...]
    past: Mapping[str, tuple[Handed, ...]] = field(default_factory=dict)


def plan(ports: Ports, id_: str) -> Plan:
    """Say what the person could reach and did touch; changes nothing. UsageError `person.unknown`.

    Works as well for somebody who has left: what they were handed is in the log.
    """
    person = find(ports, id_)
    grants = ports.people.grants(person=id_)
    keys = ports.inventory.keys()
    aliases = _aliases(ports, person)
    handed = _handed(ports, aliases, {key.venue for key in keys})
    leases = [lease for lease in ports.inventory.running_leases() if lease.person == id_]
    hands = danger.holders(ports, keys)
    touched = (_touched(ports, key, grants, handed, leases, hands[key.id]) for key in keys)
    return Plan(
        person=person,
        grants=tuple(g for g in grants if g.span.ended_at is None and g.state is not GrantState.REJECTED),
        keys=tuple(sorted((one for one in touched if one is not None), key=order)),
        owned=tuple(key for key in keys if key.owner in aliases),
        asked=tuple(one for one in pending(ports) if one.asked_by == id_),
        past={fingerprint: tuple(found) for fingerprint, found in handed.items()},
    )


def _touched(
    ports: Ports,
    key: Key,
    grants: tuple[Grant, ...],
    handed: dict[str, list[Handed]],
    leases: list[Lease],
    holders: int,
) -> Touched | None:
    working = danger.working(ports, key)
    mine = [one for version in working for one in handed.get(version.fingerprint, ())]
    given = any(grant.state is GrantState.GIVEN and grant.includes(key) for grant in grants)
    if not working or not (mine or given):
        return None
    live = working[-1]
    ids = {version.id for version in working}
    return Touched(
        key=key,
        scopes=key_scopes(ports, key, live),
        any_address=danger.any_address(ports, live),
        could_use=given,
        handouts=len(mine),
        last=max((one.at for one in mine), default=None),
        running=tuple(lease for lease in leases if lease.version_id in ids),
        holders=holders,
        revealed=sum(one.revealed for one in mine),
    )


def _aliases(ports: Ports, person: Person) -> frozenset[str]:
    """What records call the person: their id, and their OS users as long as nobody had declared them."""
    others = {one.id for one in ports.people.persons()} - {person.id}
    return frozenset({person.id, *(user.user for user in person.users if user.user not in others)})


def _handed(ports: Ports, aliases: frozenset[str], venues: set[str]) -> dict[str, list[Handed]]:
    """When the person was handed what, by key fingerprint."""
    handed: dict[str, list[Handed]] = {}
    for venue in sorted(venues):
        named = names(ports, venue)
        for pseudonym in sorted(named.person(one) for one in aliases):
            for entry in ports.audit.entries(stream=venue, holding=pseudonym.encode()):
                record = json.loads(entry.record)
                if record["type"] == "handout" and record["body"]["person"] == pseudonym:
                    at = canonical.parse_instant(record["t"])
                    shown = record["body"].get("purpose", "").partition(":")[0] == "reveal"
                    handed.setdefault(record["body"]["key"], []).append(Handed(at, shown))
    return handed


def order(one: Touched) -> tuple[object, ...]:
    """Real money first; then what the key can do, what was really handed out, from where it works, and in how
    many hands it is."""
    play = one.key.environment is not Environment.LIVE
    pinned = not one.any_address
    return (play, rank(one.scopes), not one.must_rotate, pinned, -one.holders, one.key.name)
