"""What has ended or ends soon, is not as declared, or waits for somebody: for alerts and screens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from keyguard.core.findings import Item, Kind
from keyguard.core.keys import Origin
from keyguard.core.people import EXTERNAL, Approval, Decision, Grant, GrantState, Person, Span
from keyguard.core.policy import Level
from keyguard.ports.all import Ports
from keyguard.workflows import incident_items, parking, radar_keys, radar_reviews, reminders, sign_in_journal

SOON = timedelta(days=30)
WAITS_LONG = timedelta(days=2)


def attention(ports: Ports, *, soon: timedelta = SOON) -> tuple[Item, ...]:
    """Return all items, the worst first, then by time. Reads only."""
    now = ports.clock.now()
    people = {person.id: person for person in ports.people.persons()}
    grants = {grant.id: grant for grant in ports.people.grants()}
    found = [
        *_persons(people, now, soon),
        *_parties(ports, people, now, soon),
        *_grants(grants, people, now, soon),
        *_leases(ports, people, grants, now),
        *_approvals(ports.people.approvals(), now, soon),
        *radar_reviews.reviews(ports, now, soon),
        *radar_keys.keys(ports, now, soon),
        *map(incident_items.item, ports.incidents.open()),
        *_workflows(ports, now),
    ]
    return tuple(sorted(found, key=Item.order))


def _persons(people: dict[str, Person], now: datetime, soon: timedelta) -> Iterator[Item]:
    for person in people.values():
        until = person.span.until
        if person.span.ended_at is not None or until is None or until > now + soon:
            continue
        over = until <= now
        yield Item(
            Kind.PERSON,
            Level.MEDIUM if over else Level.LOW,
            person.id,
            "their time has ended, and they are not off-boarded" if over else "their time ends soon",
            until,
            f"keyguard person offboard {person.id}",
        )


def _parties(ports: Ports, people: dict[str, Person], now: datetime, soon: timedelta) -> Iterator[Item]:
    for party in ports.people.parties():
        if party.span.ended_at is not None:
            continue
        ends = party.latest.until
        if ends <= now + soon:
            staff = sum(1 for p in people.values() if p.party == party.id and p.span.covers(now))
            over = ends <= now
            text = f"the contract {'has ended' if over else 'ends soon'}; {staff} of its people are declared"
            level = Level.HIGH if over and staff else Level.MEDIUM
            command = f"keyguard party renew {party.id} --contract REF --until DATE"
            yield Item(Kind.CONTRACT, level, party.id, text, ends, command)
        due = party.diligence_until
        if due is not None and due <= now + soon:
            text = "due diligence is overdue" if due <= now else "due diligence is due soon"
            level = Level.MEDIUM if due <= now else Level.LOW
            command = f"keyguard party renew {party.id} --diligence-at DATE --diligence-until DATE"
            yield Item(Kind.DILIGENCE, level, party.id, text, due, command)


def _grants(
    grants: dict[str, Grant], people: dict[str, Person], now: datetime, soon: timedelta
) -> Iterator[Item]:
    for grant in grants.values():
        until = grant.span.until
        lasting = grant.state is GrantState.GIVEN and grant.span.ended_at is None
        if not lasting or until is None or not now < until <= now + soon:
            continue
        who = people[grant.person]
        text = f"the grant of {who.id} ends soon"
        level = Level.LOW if who.capacity in EXTERNAL else Level.MEDIUM
        yield Item(Kind.GRANT, level, grant.id, text, until, f"keyguard grant show {grant.id}")


def _leases(
    ports: Ports, people: dict[str, Person], grants: dict[str, Grant], now: datetime
) -> Iterator[Item]:
    leases = ports.inventory.running_leases()
    keys = {key.id: key.name for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    versions = ports.inventory.versions_by_id(sorted({lease.version_id for lease in leases}))
    names = {version.id: keys[version.key_id] for version in versions.values()}
    for lease in leases:
        grant, person = grants.get(lease.grant_id), people.get(lease.person)
        spans: list[tuple[str, Span]] = []
        if grant is not None:
            spans.append(("the grant has ended", grant.span))
        if person is not None:
            spans.append((f"{person.id} has left", person.span))
        for what, span in spans:
            if span.over(now) and span.end is not None:
                text = f"{what}, but {lease.command} ({lease.process}) still holds the key"
                command = f"keyguard key rotate {names[lease.version_id]} --reason leaver"
                yield Item(
                    Kind.LEASE,
                    Level.HIGH,
                    names[lease.version_id],
                    text,
                    span.end,
                    command,
                    Origin.INFERRED,
                    lease.id,
                )
                break


def _workflows(ports: Ports, now: datetime) -> Iterator[Item]:
    """Each that needs a person, once: why it stands still says more than that it is open."""
    standing = list(_standing(ports))
    told = {item.detail for item in standing}
    yield from standing
    yield from (item for item in reminders.waiting(ports, now) if item.detail not in told)
    yield from sign_in_journal.waiting(ports, now)


def _standing(ports: Ports) -> Iterator[Item]:
    names = {key.id: key.name for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    pauses = ports.journal.pauses()
    for workflow in ports.journal.workflows(unfinished=True):
        name, command = names.get(workflow.key_id, ""), f"keyguard workflow resume {workflow.id}"
        kept = parking.why(workflow)
        if pause := pauses.get(workflow.id):
            text = f"{workflow.kind} is paused by {pause.by}: {pause.reason}"
            yield Item(Kind.WORKFLOW, Level.LOW, name, text, pause.since, command, detail=workflow.id)
        elif kept is not None and kept.person:
            text = f"{workflow.kind} stands still, {workflow.state}: {kept.message}"
            yield Item(Kind.WORKFLOW, Level.HIGH, name, text, kept.at, command, detail=workflow.id)


def _approvals(approvals: tuple[Approval, ...], now: datetime, soon: timedelta) -> Iterator[Item]:
    for approval in approvals:
        command = f"keyguard approve {approval.id}"
        if approval.decision is None:
            level = Level.MEDIUM if now - approval.asked_at >= WAITS_LONG else Level.INFO
            text = f"{approval.asked_by} waits for a second person ({approval.action.value})"
            yield Item(Kind.APPROVAL, level, approval.id, text, approval.asked_at, command)
        instead = approval.compensation
        if approval.decision is Decision.APPROVE and instead is not None and instead.until <= now + soon:
            over = instead.until <= now
            text = f"the exception {'is past its date' if over else 'ends soon'}: {instead.control}"
            level = Level.MEDIUM if over else Level.LOW
            yield Item(Kind.EXCEPTION, level, approval.id, text, instead.until, command)
