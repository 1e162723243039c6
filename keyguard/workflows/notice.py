"""What is said of an incident to those outside: facts that are on record, and no secret.

A venue is told of its own keys alone. Nothing here says what the firm thinks of it: that is for people.
"""

from __future__ import annotations

from collections.abc import Iterator

from keyguard.core import fingerprints
from keyguard.core.incidents import WAY, Event, Incident, Step
from keyguard.core.keys import Key, VersionStatus
from keyguard.ports.all import Ports
from keyguard.workflows.incidents import stage_words

COUNSEL = "counsel"

_STEPS = {
    Step.DETECTED: "noticed",
    Step.FROZEN: "no process was given these keys any more",
    Step.REVOKED: "the keys were ended at the venue, with proof",
    Step.CONTAINED: "contained",
    Step.PRESERVED: "records preserved",
    Step.NOTIFIED: "notified",
}
_OF_THE_VENUE = frozenset({Step.RECEIVED, Step.REPLIED, Step.RESULT})


def text(ports: Ports, incident: Incident, to: str) -> str:
    """The text for a venue (its id) or for counsel. What was not reached is said to be so."""
    return "\n".join(_for_counsel(ports, incident) if to == COUNSEL else _for_venue(ports, incident, to))


def _for_venue(ports: Ports, incident: Incident, venue: str) -> Iterator[str]:
    name = ports.gateway.adapter(venue).facts.name
    yield f"Notice of a security incident with API keys at {name}"
    if incident.reference and incident.venues == (venue,):
        yield f"Your reference: {incident.reference}"
    yield ""
    yield f"Kind: {_words(incident.kind.value)}"
    yield from _keys(ports, incident, venue)
    yield from _times(incident)
    mine = [event for event in incident.timeline() if event.step in _OF_THE_VENUE]
    if mine and incident.venues == (venue,):
        yield "Your notice:"
        yield from map(_line, mine)
    yield from _end(incident)
    yield "All times are UTC. The facts are taken from a tamper-evident log; excerpts can be shown."


def _for_counsel(ports: Ports, incident: Incident) -> Iterator[str]:
    yield f"Incident {incident.id}: {_words(incident.kind.value)}"
    yield f"What happened, as noted when it was opened: {incident.how}"
    if incident.stage is not None:
        yield f"The venue: {stage_words(incident)}"
    yield ""
    for venue in incident.venues:
        yield from _keys(ports, incident, venue)
    yield from _times(incident)
    yield "Timeline:"
    yield from map(_line, incident.timeline())
    yield from _end(incident)
    yield "All times are UTC."


def _keys(ports: Ports, incident: Incident, venue: str) -> Iterator[str]:
    every = ports.inventory.keys()
    mine = [key for key in every if key.id in incident.keys and key.venue == venue]
    if not mine:
        yield f"Keys at {ports.gateway.adapter(venue).facts.name}: none of those registered here"
        return
    yield f"Keys at {ports.gateway.adapter(venue).facts.name}:"
    for key in mine:
        yield f"  {_masked(ports, key)}"


def _masked(ports: Ports, key: Key) -> str:
    """The end of the access key id, which the venue can look up, and how the key stands."""
    version = ports.inventory.versions(key.id)[-1]
    last = fingerprints.hint(version.public_id)
    state = {
        VersionStatus.DEAD: "proven dead",
        VersionStatus.RETIRED: "taken out of use here",
        VersionStatus.LIVE: "in the inventory",
        VersionStatus.STAGED: "not in use yet",
    }[version.status]
    shown = f"key ending in {last}" if last else "key (id too short to be shown)"
    return f"{shown}, account {key.account or 'not known here'}: {state}"


def _times(incident: Incident) -> Iterator[str]:
    yield "Times:"
    for step, at in incident.reached().items():
        assert step in WAY
        yield f"  {_STEPS[step]}: {f'{at:%Y-%m-%d %H:%M:%S}' if at else 'not yet, as far as is recorded'}"


def _end(incident: Incident) -> Iterator[str]:
    if incident.closed_at is not None:
        yield f"Closed {incident.closed_at:%Y-%m-%d %H:%M}. Cause: {incident.cause}"
        yield from (f"  done: {line}" for line in incident.outcome)
    yield ""


def _line(event: Event) -> str:
    return f"  {event.at:%Y-%m-%d %H:%M:%S} {event.step.value}" + (f": {event.text}" if event.text else "")


def _words(text: str) -> str:
    return text.replace("_", " ")
