"""Audit records of people and rights. Called inside `inventory.transaction()`, before what they tell of is
written, so that both stand on disk or neither.

The firm stream gets `people.change`, which names nobody. A venue's stream gets what concerns its keys,
under names and ids that differ from venue to venue (KGA/1 §5.1, §7). `People.notes` remembers what was told,
because a desk's grant reaches keys that are added later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keyguard.core import canonical
from keyguard.core.keys import Key, KeyVersion, VersionStatus
from keyguard.core.people import Approval, Grant, GrantState, Party, Person
from keyguard.core.rights import Mode
from keyguard.core.slots import FIRM
from keyguard.ports.all import Ports
from keyguard.workflows.identity import Names, names
from keyguard.workflows.records import instant


@dataclass(frozen=True, slots=True)
class Namers:
    """The names of every stream concerned, drawn before the transaction: the store may ask for its
    passphrase, and nobody waits with the database locked."""

    of: Mapping[str, Names]

    def __getitem__(self, stream: str) -> Names:
        return self.of[stream]


def namers(ports: Ports) -> Namers:
    """The names of the firm stream and of every venue with a key."""
    venues = {key.venue for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    return Namers({stream: names(ports, stream) for stream in (FIRM, *sorted(venues))})


def change(ports: Ports, named: Namers, kind: str, id_: str, what: str, private: Mapping[str, Any]) -> None:
    """Append `people.change` to the firm stream; `private` says what changed."""
    subject = named[FIRM].record_id(f"{kind}_{id_}")
    body = {"kind": kind, "subject": subject, "change": what}
    ports.audit.append(FIRM, "people.change", body, private={"id": id_, **private})


def policy(ports: Ports) -> None:
    """Append `policy.set` where the rights policy is not the one the log was told last."""
    chosen = ports.people.policy
    if chosen.mode is Mode.AUTO and not ports.people.declared():
        return
    params = {
        "rights": "enforced" if chosen.mode is not Mode.OPEN else "open",
        "four_eyes": chosen.four_eyes.value,
        "self_approval": chosen.self_approval.value,
    }
    if chosen.signatures_required:
        params["signatures"] = "required"
    digest = hashlib.sha256(canonical.encode(params)).hexdigest()
    if ports.people.notes("policy/rights").get("policy/rights") == digest:
        return
    ports.audit.append(
        FIRM, "policy.set", {"name": "rights", "version": "1", "sha256": digest, "params": params}
    )
    ports.people.note("policy/rights", digest)


def cover(ports: Ports, named: Namers, grants: Iterable[Grant], keys: Iterable[Key]) -> None:
    """Tell each key's venue of each grant in force that includes it, once per version that works."""
    now = ports.clock.now()
    persons = {person.id: person for person in ports.people.persons()}
    chosen = [grant for grant in grants if grant.state is GrantState.GIVEN and not grant.span.over(now)]
    for key in keys:
        mine = [grant for grant in chosen if grant.includes(key)]
        working = [v for v in ports.inventory.versions(key.id) if v.status is not VersionStatus.DEAD]
        for grant in mine:
            for version in working:
                cover_version(ports, named[key.venue], grant, persons[grant.person], version)


def cover_key(ports: Ports, key: Key) -> None:
    """Tell a key's venue of all grants that include it; for a key, or a version, that is new."""
    grants = [grant for grant in ports.people.grants() if grant.includes(key)]
    if grants:
        named = Namers({key.venue: names(ports, key.venue)})
        with ports.inventory.transaction():
            cover(ports, named, grants, [key])


def cover_version(ports: Ports, named: Names, grant: Grant, person: Person, version: KeyVersion) -> None:
    """Tell the venue of one grant for one version, unless it was told: party and approval first."""
    note = f"grant/{grant.id}/{named.venue}/{version.id}"
    if note in ports.people.notes(note):
        return
    party = next((party for party in ports.people.parties() if party.id == person.party), None)
    if party is not None:
        party_set(ports, named, party)
    approval = next(one for one in ports.people.approvals() if one.id == grant.approval)
    approval_request(ports, named, approval, [version.fingerprint])
    approval_decide(ports, named, approval)
    body = {
        "grant": named.record_id(grant.id),
        "key": version.fingerprint,
        "person": named.person(person.id),
        "capacity": person.capacity.value,
        "from": instant(grant.span.since),
        "basis": grant.purpose or "not stated",
        "approval": named.record_id(approval.id),
    }
    if party is not None:
        body["party"] = named.party(party.id)
    if (end := _earliest(grant.span.until, person.span.until)) is not None:
        body["until"] = instant(end)
    ports.audit.append(named.venue, "access.grant", body, private=private_grant(grant))
    ports.people.note(note, "given")


def grant_ended(ports: Ports, named: Namers, grant: Grant, *, by: str, reason: str) -> None:
    """Append `access.revoke` to every venue that was told of the grant. `grant` has its end."""
    assert grant.span.ended_at is not None
    venues = {note.split("/")[2] for note in ports.people.notes(f"grant/{grant.id}/")}
    for venue in sorted(venues & named.of.keys()):
        body = {
            "grant": named[venue].record_id(grant.id),
            "at": instant(grant.span.ended_at),
            "reason": reason,
            "by": named[venue].person(by),
        }
        ports.audit.append(venue, "access.revoke", body, private={"grant": grant.id, "by": by})


def party_changed(ports: Ports, named: Namers, party: Party) -> None:
    """Tell every venue that knows the party how it stands now."""
    for note in ports.people.notes(f"party/{party.id}/"):
        if (venue := note.split("/")[2]) in named.of:
            party_set(ports, named[venue], party)


def party_set(ports: Ports, named: Names, party: Party) -> None:
    """Append `party.set` unless the venue was told exactly this. A contract broken off ends at its end."""
    contract = party.latest
    body: dict[str, Any] = {
        "party": named.party(party.id),
        "kind": party.kind.value,
        "relation": party.relation,
        "contract_ref_sha256": hashlib.sha256(contract.reference.encode()).hexdigest(),
        "contract_from": instant(contract.since),
        "contract_until": instant(_earliest(contract.until, party.span.end) or contract.until),
    }
    told = {"name": party.name, "country": party.country}
    days = {"diligence_at": party.diligence_at, "diligence_until": party.diligence_until}
    body |= {name: value for name, value in told.items() if value}
    body |= {name: instant(at) for name, at in days.items() if at is not None}
    note = f"party/{party.id}/{named.venue}"
    digest = hashlib.sha256(canonical.encode(body)).hexdigest()
    if ports.people.notes(note).get(note) == digest:
        return
    ports.audit.append(named.venue, "party.set", body, private={"party": party.id})
    ports.people.note(note, digest)


def approval_request(ports: Ports, named: Names, approval: Approval, fingerprints: list[str]) -> None:
    """Append `approval.request` to a venue, once; later it may carry a request made before the venue was
    concerned, so the body says when it was asked."""
    note = f"approval/{approval.id}/{named.venue}"
    if note in ports.people.notes(note):
        return
    subject: dict[str, Any] = {"keys": fingerprints, "asked_at": instant(approval.asked_at)}
    if person := approval.subject.get("person"):
        subject["person"] = named.person(person)
    if grant := approval.subject.get("grant"):
        subject["grant"] = named.record_id(grant)
    body = {
        "approval": named.record_id(approval.id),
        "action": approval.action.value,
        "subject": subject,
        "by": named.person(approval.asked_by),
        "reason": approval.why or approval.rule or "routine",
    }
    ports.audit.append(named.venue, "approval.request", body, private=private_approval(approval))
    ports.people.note(note, "asked")


def approval_decide(ports: Ports, named: Names, approval: Approval) -> None:
    """Append `approval.decide`, and the exception that stands in for a second person, to a venue, once."""
    note = f"approval/{approval.id}/{named.venue}"
    if approval.decision is None or ports.people.notes(note).get(note) != "asked":
        return
    body = {
        "approval": named.record_id(approval.id),
        "by": named.person(approval.decided_by),
        "decision": approval.decision.value,
    }
    if approval.comment:
        body["comment_sha256"] = hashlib.sha256(approval.comment.encode()).hexdigest()
    ports.audit.append(named.venue, "approval.decide", body, private=private_approval(approval))
    if (instead := approval.compensation) is not None:
        exception = {
            "exception": named.record_id(instead.exception),
            "control": "four_eyes",
            "reason": f"approved by the person who asked or gains: {approval.action.value}",
            "compensating": instead.control,
            "until": instant(instead.until),
            "approval": named.record_id(approval.id),
        }
        ports.audit.append(named.venue, "exception.open", exception)
    ports.people.note(note, "decided")


def private_grant(grant: Grant) -> dict[str, Any]:
    """What only the auditor sees of a grant."""
    return {
        "grant": grant.id,
        "person": grant.person,
        "key": grant.key_id,
        "desk": grant.desk,
        "hosts": list(grant.hosts),
        "users": list(grant.users),
        "executables": list(grant.executables),
        "given_by": grant.given_by,
    }


def private_approval(approval: Approval) -> dict[str, Any]:
    """What only the auditor sees of an approval."""
    return {
        "approval": approval.id,
        "subject": dict(approval.subject),
        "asked_by": approval.asked_by,
        "decided_by": approval.decided_by,
        "comment": approval.comment,
    }


def _earliest(*instants: datetime | None) -> datetime | None:
    return min((at for at in instants if at is not None), default=None)
