"""Incidents: open, add what happens, clear, close. Everything is recorded before it takes effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from keyguard.core.errors import UsageError
from keyguard.core.incidents import Event, Incident, Kind, Scope, Stage, Step
from keyguard.core.keys import Key, KeyVersion
from keyguard.ports.all import Ports
from keyguard.workflows import findings, freezes, incident_items
from keyguard.workflows import incident_records as told
from keyguard.workflows.authority import demand_admin
from keyguard.workflows.identity import Actor

BY_HAND = frozenset({Step.NOTIFIED, Step.RECEIVED, Step.REPLIED, Step.RESULT, Step.NOTE, Step.PRESERVED})
"""What a person may say has happened; the other steps are taken by doing them."""

REASONS = {
    Kind.LEAK: "leak",
    Kind.SUSPECTED_SHARING: "suspicion",
    Kind.VENUE_NOTICE: "venue_request",
    Kind.KEY_DIED: "venue_request",
    Kind.LOST_DEVICE: "leak",
    Kind.MISUSE: "suspicion",
    Kind.OTHER: "other",
}
"""Why a key of such an incident is revoked, in the words of KGA/1 §5.3."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known at the beginning. `keys` are names; `how` stands in the evidence of each venue concerned.

    `detected_at` None: now. `received_at`: when a notice of the venue came. `trigger`: see `Incident`.
    `for_desk` stands in the timeline and in no record.
    """

    kind: Kind
    how: str
    keys: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    detected_at: datetime | None = None
    received_at: datetime | None = None
    stage: Stage | None = None
    deadline: datetime | None = None
    reference: str = ""
    trigger: str = ""
    for_desk: str = ""


def open_incident(ports: Ports, opening: Opening, *, actor: Actor | None, freeze: bool = False) -> Incident:
    """Open an incident; `freeze`: hand-outs of its keys stop in the same transaction.

    `actor` None: keyguard by itself, and then `opening.trigger` says by what; an incident that this trigger
    has opened before is returned as it is. Raises UsageError for keys or venues that do not exist, a missing
    `how`, or a time that is to come.
    """
    told.demand_writable(opening.how, opening.for_desk, opening.reference)
    if not opening.how.strip():
        raise _refused("what happened is missing", "incident.how")
    if opening.trigger and (known := ports.incidents.triggered(opening.trigger)) is not None:
        return known
    keys = tuple(ports.inventory.find_key(name) for name in dict.fromkeys(opening.keys))
    venues = {ports.gateway.adapter(name).facts.id for name in opening.venues} | {key.venue for key in keys}
    named = told.namers(ports, venues)
    with ports.inventory.transaction():
        if opening.trigger and (known := ports.incidents.triggered(opening.trigger)) is not None:
            return known  # another process saw it at the same time
        begun = _begun(ports, opening, keys, venues, freezes.who(ports, actor))
        return _write(ports, named, begun, keys, freeze=freeze)


def open_for_death(ports: Ports, key: Key, version: KeyVersion, how: str) -> Incident:
    """Open the incident of a key that its venue ended, once a version: hand-outs of it stop, and it is not
    issued anew before a person has looked (`clear`)."""
    opening = Opening(Kind.KEY_DIED, how, stage=Stage.UNKNOWN, trigger=death_of(version))
    named = told.namers(ports)
    with ports.inventory.transaction():
        if (known := ports.incidents.triggered(opening.trigger)) is not None:
            return known
        begun = _begun(ports, opening, (key,), {key.venue}, freezes.AUTOMATIC)
        told.died(ports, named, key, version, begun)
        return _write(ports, named, begun, (key,), freeze=True)


def death_of(version: KeyVersion) -> str:
    """The trigger of the incident of a version that died."""
    return f"died/{version.id}"


def add_event(
    ports: Ports,
    wanted: str,
    step: Step,
    text: str,
    *,
    actor: Actor | None,
    at: datetime | None = None,
    containment: str = "",
) -> Incident:
    """Add what happened; `at` None: now. `text` stands in the evidence of every venue concerned.

    Raises UsageError `incident.unknown`, `incident.over`, `incident.time` for a time that is to come.
    """
    told.demand_writable(text, containment)
    found = ports.incidents.find(wanted)
    named = told.namers(ports, found.venues)
    with ports.inventory.transaction():
        incident = standing(ports, found.id)
        event = event_of(ports, step, text, by=freezes.who(ports, actor), at=at)
        if step is Step.NOTE and not text.strip():
            raise _refused("the note is empty", "incident.note")
        told.updated(ports, named, incident, event, containment)
        return keep(ports, incident.with_event(event))


def set_stage(
    ports: Ports,
    wanted: str,
    *,
    actor: Actor,
    stage: Stage | None = None,
    deadline: datetime | None = None,
    reference: str = "",
    at: datetime | None = None,
) -> Incident:
    """Note how far the venue has gone, until when it wants an answer, and what it calls its notice.

    A new stage has no deadline until one is given: those of the stages are not known (docs/incidents.md).
    """
    told.demand_writable(reference)
    found = ports.incidents.find(wanted)
    named = told.namers(ports, found.venues)
    with ports.inventory.transaction():
        before = standing(ports, found.id)
        after = replace(
            before,
            stage=stage or before.stage,
            deadline=deadline or (None if stage not in (None, before.stage) else before.deadline),
            reference=reference or before.reference,
        )
        event = event_of(ports, Step.STAGE, stage_words(after), by=freezes.who(ports, actor), at=at)
        told.updated(ports, named, after, event)
        return keep(ports, after.with_event(event))


def clear(ports: Ports, wanted: str, *, actor: Actor, reason: str, thaw: bool = False) -> Incident:
    """A person has looked: the incident's keys may be issued anew; `thaw` ends its freezes as well.

    For key administrators, where there are any. Raises UsageError as `add_event` and `thaw` do.
    """
    told.demand_writable(reason)
    demand_admin(ports, actor)
    found = ports.incidents.find(wanted)
    named = told.namers(ports, found.venues)
    with ports.inventory.transaction():
        incident = standing(ports, found.id)
        if not reason.strip():
            raise _refused("what was found is missing", "incident.reason")
        by = freezes.who(ports, actor)
        event = event_of(ports, Step.LOOKED, reason.strip(), by=by)
        told.updated(ports, named, incident, event)
        incident = incident.with_event(event)
        if thaw:
            incident = _thawed(ports, named, incident, by=by, reason=reason)
        return keep(ports, incident)


def close(ports: Ports, wanted: str, *, actor: Actor, cause: str, outcome: Sequence[str]) -> Incident:
    """Close it, with its cause and what was done; its freezes end with it.

    For key administrators, where there are any. Raises UsageError `incident.over`, `incident.cause`.
    """
    told.demand_writable(cause, *outcome)
    demand_admin(ports, actor)
    found = ports.incidents.find(wanted)
    done = tuple(line.strip() for line in outcome if line.strip())
    if not cause.strip() or not done:
        raise _refused("an incident is closed with its cause and its outcome", "incident.cause")
    named = told.namers(ports, found.venues)
    with ports.inventory.transaction():
        incident = standing(ports, found.id)
        by = freezes.who(ports, actor)
        incident = _thawed(ports, named, incident, by=by, reason="the incident is closed")
        event = event_of(ports, Step.CLOSED, cause.strip(), by=by)
        ended = replace(
            incident.with_event(event), closed_at=event.noted_at, cause=cause.strip(), outcome=done
        )
        told.closed(ports, named, ended, by)
        ports.incidents.put(ended)
    return ended


def refuse_unseen(ports: Ports, key: Key) -> None:
    """UsageError `incident.unseen` where an incident of this key opened by itself and nobody has looked."""
    for incident in ports.incidents.open():
        if incident.unseen and key.id in incident.keys:
            raise UsageError(
                f"{key.name} is in the incident {incident.id}, and no person has looked at it yet",
                code="incident.unseen",
                still="nothing was changed at the venue",
                hint=f"look at the venue's notices, then keyguard incident clear {incident.id} --reason …",
            )


def freeze_keys(
    ports: Ports, named: told.Namers, incident: Incident, keys: Sequence[Key], *, by: str
) -> Incident:
    """Freeze hand-outs of these keys for an incident, within a transaction of the caller, who keeps the
    incident that is returned."""
    reason = f"incident {incident.id} ({incident.kind.value})"
    for key in keys:
        freezes.freeze_within(ports, named, Scope.KEY, key.id, reason=reason, by=by, incident=incident.id)
    event = event_of(ports, Step.FROZEN, f"hand-outs of {len(keys)} keys", by=by)
    told.updated(ports, named, incident, event, "hand-outs frozen")
    return incident.with_event(event)


def standing(ports: Ports, id_: str) -> Incident:
    """The incident, still open; UsageError `incident.over`."""
    incident = ports.incidents.find(id_)
    if not incident.open:
        raise UsageError(
            f"{incident.id} is closed",
            code="incident.over",
            still="nothing was changed",
            hint="open another: keyguard incident open",
        )
    return incident


def event_of(ports: Ports, step: Step, text: str, *, by: str, at: datetime | None = None) -> Event:
    """An event that is noted now; UsageError `incident.time` for one that is to come."""
    now = ports.clock.now()
    if at is not None and at > now:
        raise _refused("that time is to come", "incident.time")
    return Event(step, at or now, now, by, text.strip())


def keep(ports: Ports, incident: Incident) -> Incident:
    """Write it and its finding; within a transaction of the caller."""
    ports.incidents.put(incident)
    findings.note(ports, [incident_items.item(incident)])
    return incident


def stage_words(incident: Incident) -> str:
    """How far the venue has gone, in a line. What is not known is said to be unknown."""
    stage = (incident.stage or Stage.UNKNOWN).value.replace("_", " ")
    until = "unknown" if incident.deadline is None else f"{incident.deadline:%Y-%m-%d %H:%M} UTC"
    reference = f"; reference {incident.reference}" if incident.reference else ""
    return f"stage {stage}; deadline {until}{reference}"


def _begun(ports: Ports, opening: Opening, keys: tuple[Key, ...], venues: set[str], by: str) -> Incident:
    events = [
        event_of(ports, Step.DETECTED, opening.how, by=by, at=opening.detected_at),
        event_of(ports, Step.OPENED, opening.for_desk, by=by),
    ]
    if opening.received_at is not None:
        events.append(event_of(ports, Step.RECEIVED, opening.reference, by=by, at=opening.received_at))
    incident = Incident(
        id=f"in_{ports.clock.token(8).hex()}",
        kind=opening.kind,
        keys=tuple(key.id for key in keys),
        venues=tuple(sorted(venues)),
        how=opening.how.strip(),
        detected_at=events[0].at,
        opened_at=events[0].noted_at,
        opened_by=by,
        names=tuple(key.name for key in keys),
        trigger=opening.trigger,
        stage=opening.stage,
        deadline=opening.deadline,
        reference=opening.reference,
    )
    if opening.stage is not None:
        events.append(event_of(ports, Step.STAGE, stage_words(incident), by=by))
    return replace(incident, events=tuple(events))


def _write(
    ports: Ports, named: told.Namers, begun: Incident, keys: tuple[Key, ...], *, freeze: bool
) -> Incident:
    """Record and keep an incident that begins, within a transaction of the caller."""
    told.opened(ports, named, begun)
    for event in begun.events:
        if event.step in (Step.RECEIVED, Step.STAGE):
            told.updated(ports, named, begun, event)
    incident = begun
    if freeze and keys:
        incident = freeze_keys(ports, named, begun, keys, by=begun.opened_by)
    return keep(ports, incident)


def _thawed(ports: Ports, named: told.Namers, incident: Incident, *, by: str, reason: str) -> Incident:
    mine = [one for one in ports.incidents.freezes() if one.incident == incident.id]
    for one in mine:
        freezes.thaw_within(ports, named, one, reason=reason, by=by)
    if not mine:
        return incident
    event = event_of(ports, Step.THAWED, f"{len(mine)} freezes ended", by=by)
    told.updated(ports, named, incident, event)
    return incident.with_event(event)


def _refused(what: str, code: str) -> UsageError:
    return UsageError(what, code=code, still="nothing was changed")
