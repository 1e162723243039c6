"""From the ports of a home to a picture. Reads only: looking at a screen changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from keyguard.core import findings
from keyguard.core.expiry import Deadline, deadlines
from keyguard.core.findings import RADAR, Finding
from keyguard.core.keys import Key, KeyVersion
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Lease, Observation
from keyguard.tui.once import once
from keyguard.tui.picture import KeyView, Picture
from keyguard.workflows import alerting, authority, radar, rights


@dataclass(frozen=True, slots=True)
class Home:
    """What the configuration says of a home that screens show."""

    firm: str = ""
    simulated: frozenset[str] = field(default_factory=frozenset)


def picture(ports: Ports, home: Home, before: Picture | None = None) -> Picture:
    """Read everything that more than one screen shows; StoreError where it cannot be read.

    A key that is as it was in the picture `before` is the same object here, so that screens can tell.
    """
    ports = once(ports)
    now = ports.clock.now()
    keys = ports.inventory.keys()
    live = ports.inventory.live_versions([key.id for key in keys])
    leases = ports.inventory.running_leases()
    standing = standing_now(ports)
    open_ = tuple(one for one in standing if not one.accepted(now))
    key_of = _key_of_version(ports, live, leases)
    known = {} if before is None else before.by_id
    views = _views(ports, keys, live, open_, _by_key(leases, key_of), known)
    return Picture(
        at=now,
        firm=home.firm,
        simulated=home.simulated,
        rights_enforced=authority.enforced(ports),
        keys=views,
        findings=open_,
        accepted=tuple(one for one in standing if one.accepted(now)),
        workflows=ports.journal.workflows(),
        leases=leases,
        persons=ports.people.persons(),
        parties=ports.people.parties(),
        grants=ports.people.grants(),
        desks=ports.people.desks(),
        approvals=ports.people.approvals(),
        unsaid=tuple(said.alert.subject for said in alerting.undelivered(ports)),
        by_id={view.key.id: view for view in views},
        key_of_version=key_of,
    )


def standing_now(ports: Ports) -> tuple[Finding, ...]:
    """What holds now, worst first: findings noted, and what is read off the home and not noted yet."""
    now = ports.clock.now()
    noted = {finding.id: finding for finding in ports.findings.standing()}
    held = {item.id: findings.seen(noted.get(item.id), item, now) for item in radar.attention(ports)}
    lasting = {id_: one for id_, one in noted.items() if one.item.kind not in RADAR}
    return tuple(sorted({**lasting, **held}.values(), key=lambda one: one.item.order()))


def _views(
    ports: Ports,
    keys: Sequence[Key],
    live: Mapping[str, KeyVersion],
    open_: Sequence[Finding],
    leases: Mapping[str, Sequence[Lease]],
    known: Mapping[str, KeyView],
) -> tuple[KeyView, ...]:
    seen = ports.inventory.last_observations([version.id for version in live.values()])
    able = rights.able(ports, keys)
    about: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in open_:
        about[finding.item.subject].append(finding)
    found = []
    for key in keys:
        version = live.get(key.id)
        observation = None if version is None else seen.get(version.id)
        view = KeyView(
            key,
            version,
            observation,
            able[key.id],
            _end(ports, key, version, observation),
            tuple(about[key.name]),
            tuple(leases.get(key.id, ())),
        )
        same = known.get(key.id)
        found.append(same if same is not None and same == view else view)
    return tuple(found)


def _end(ports: Ports, key: Key, version: KeyVersion | None, seen: Observation | None) -> Deadline | None:
    if version is None or seen is None:
        return None
    facts = ports.gateway.adapter(key.venue).facts
    found = deadlines(seen.report, facts, known_since=version.created_at, seen=seen.at)
    return found[0] if found else None


def _key_of_version(ports: Ports, live: Mapping[str, KeyVersion], leases: Sequence[Lease]) -> dict[str, str]:
    of_live = {version.id: key_id for key_id, version in live.items()}
    others = sorted({lease.version_id for lease in leases} - set(of_live))
    return of_live | {v.id: v.key_id for v in ports.inventory.versions_by_id(others).values()}


def _by_key(leases: Sequence[Lease], key_of: Mapping[str, str]) -> dict[str, list[Lease]]:
    found: defaultdict[str, list[Lease]] = defaultdict(list)
    for lease in leases:
        found[key_of.get(lease.version_id, "")].append(lease)
    return dict(found)
