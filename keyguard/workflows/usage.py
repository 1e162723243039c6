"""What the log and the leases tell of the use of keys: how often, by whom, from where, for what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from keyguard.core import canonical
from keyguard.core.excess import Usage
from keyguard.core.keys import Key, KeyVersion
from keyguard.core.people import Grant, GrantState
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Lease
from keyguard.workflows import use_log
from keyguard.workflows.identity import names

WINDOW = timedelta(days=90)
"""A use longer ago is no reason to leave an address open."""

_HANDOUT = b'"type":"handout"'


@dataclass(slots=True)
class _Seen:
    """The hand-outs of one key, as they are met."""

    handouts: int = 0
    last: datetime | None = None
    hosts: set[str] = field(default_factory=set)
    persons: set[str] = field(default_factory=set)
    purposes: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)

    def add(self, body: Mapping[str, Any], at: datetime) -> None:
        self.handouts += 1
        self.last = at
        self.hosts.add(body["host"])
        self.persons.add(body["person"])
        if purpose := body.get("purpose"):
            self.purposes.add(purpose)


def usages(
    ports: Ports, keys: Sequence[Key], *, here: str = "", window: timedelta = WINDOW
) -> dict[str, Usage]:
    """The use of each key within the window, by key id; `here` is this host's name.

    Reads each venue's hand-outs once. Hosts go by their names where those are declared or running now, else
    by their pseudonyms in the log.
    """
    if ports.uses is not None:
        use_log.catch_up(ports, ports.uses)
        with ports.inventory.transaction():
            use_log.take_in(ports.uses)
    versions = {key.id: ports.inventory.versions(key.id) for key in keys}
    leases = ports.inventory.running_leases()
    found = {key.id: _Seen() for key in keys}
    since = ports.clock.now() - window
    for venue in sorted({key.venue for key in keys}):
        _read(ports, venue, [key for key in keys if key.venue == venue], versions, found, since)
    _remembered(ports, found, since)
    hosts = _hosts(ports, leases, here)
    called = {venue: _Called(ports, venue, hosts) for venue in {key.venue for key in keys}}
    return {
        key.id: _usage(ports, found[key.id], called[key.venue], _of(leases, versions[key.id])) for key in keys
    }


def desks(key: Key, grants: Sequence[Grant], now: datetime) -> tuple[str, ...]:
    """The desks whose people may use the key: its own, and others whose people a grant for it let in."""
    given = [one for one in grants if one.state is GrantState.GIVEN and one.span.covers(now)]
    of_desk = {(grant.person, grant.desk) for grant in given if grant.desk}
    let_in = {grant.person for grant in given if grant.key_id == key.id}
    foreign = {person for person in let_in if (person, key.desk) not in of_desk}
    return tuple(sorted({key.desk, *(desk for person, desk in of_desk if person in foreign)}))


def _read(
    ports: Ports,
    venue: str,
    keys: Sequence[Key],
    versions: Mapping[str, Sequence[KeyVersion]],
    found: Mapping[str, _Seen],
    since: datetime,
) -> None:
    """One key alone is looked up by its versions: most of a long log is then not read."""
    of = {version.fingerprint: key.id for key in keys for version in versions[key.id]}
    holding = next(iter(of)).encode() if len(of) == 1 else _HANDOUT
    for entry in ports.audit.entries(stream=venue, holding=holding):
        record = json.loads(entry.record)
        if record["type"] != "handout" or (key_id := of.get(record["body"]["key"])) is None:
            continue
        if (at := canonical.parse_instant(record["t"])) >= since:
            found[key_id].add(record["body"], at)


def _remembered(ports: Ports, found: Mapping[str, _Seen], since: datetime) -> None:
    """Add the addresses declared on the day of use, which may be others by now."""
    if ports.uses is None:
        return
    for key_id, history in ports.uses.histories(sorted(found)).items():
        found[key_id].addresses |= {ip for ip, seen in history.addresses.items() if seen.at >= since}


def _hosts(ports: Ports, leases: Sequence[Lease], here: str) -> set[str]:
    """Names of hosts that may be behind a pseudonym of the log."""
    declared = set(ports.uses.egress) if ports.uses is not None else set()
    granted = {host for grant in ports.people.grants() for host in grant.hosts}
    return {one for one in (here, *declared, *granted, *(lease.host for lease in leases)) if one}


class _Called:
    """What hosts and persons are called behind their pseudonyms in one venue's records."""

    def __init__(self, ports: Ports, venue: str, hosts: set[str]) -> None:
        named = names(ports, venue)
        self.hosts = {named.host(host): host for host in hosts}
        self.persons = {named.person(one.id): one.id for one in ports.people.persons()}


def _usage(ports: Ports, seen: _Seen, called: _Called, leases: Sequence[Lease]) -> Usage:
    hosts = {called.hosts.get(host, host) for host in seen.hosts} | {one.host for one in leases if one.host}
    egress = ports.uses.egress if ports.uses is not None else {}
    placed = {address for host in hosts if host in egress for address in egress[host].addresses}
    return Usage(
        handouts=max(seen.handouts, len(leases)),
        last=max([at for at in (seen.last, *(lease.at for lease in leases)) if at], default=None),
        hosts=tuple(sorted(hosts)),
        persons=tuple(sorted(called.persons.get(one, one) for one in seen.persons)),
        purposes=tuple(sorted(seen.purposes)),
        addresses=tuple(sorted(seen.addresses | placed)),
        unplaced=tuple(sorted(host for host in hosts if host not in egress)),
    )


def _of(leases: Sequence[Lease], versions: Sequence[KeyVersion]) -> list[Lease]:
    ids = {version.id for version in versions}
    return [lease for lease in leases if lease.version_id in ids]
