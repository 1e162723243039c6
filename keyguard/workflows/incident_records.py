"""Audit records of incidents and freezes. Called inside `inventory.transaction()`, before what they tell of
is written, so that both stand on disk or neither.

They go to the streams of the venues concerned, each with its own keys and its own name of the incident: what
happened at one venue is no business of another. Where no venue is concerned the firm's stream says that
something was, and its private part what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.core.incidents import Event, Freeze, Incident, Kind, Scope, tells_of_report
from keyguard.core.keys import Key, KeyVersion, VersionStatus
from keyguard.core.slots import FIRM
from keyguard.ports.all import Ports
from keyguard.ports.audit import Draft
from keyguard.workflows.identity import Names, names
from keyguard.workflows.records import instant

_CLASSES = {
    Kind.LEAK: "leak",
    Kind.SUSPECTED_SHARING: "suspected_sharing",
    Kind.VENUE_NOTICE: "venue_notice",
    Kind.LOST_DEVICE: "loss",
    Kind.MISUSE: "misuse",
}
"""KGA/1's words; it has none for a key that died."""


@dataclass(frozen=True, slots=True)
class Namers:
    """The names of the streams concerned, drawn before the transaction: the store may ask for its
    passphrase, and nobody waits with the database locked."""

    of: Mapping[str, Names]

    def streams(self, venues: Iterable[str]) -> tuple[Names, ...]:
        """Those of these venues, or the firm's where there are none."""
        return tuple(self.of[venue] for venue in sorted(set(venues)) or [FIRM])


def namers(ports: Ports, venues: Iterable[str] = ()) -> Namers:
    """The names of the firm stream, of every venue with a key, and of these."""
    known = {key.venue for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    return Namers({stream: names(ports, stream) for stream in (FIRM, *sorted(known | set(venues)))})


def demand_writable(*texts: str) -> None:
    """UsageError `incident.tipping_off` for a text that no record may hold."""
    if any(tells_of_report(text) for text in texts):
        raise UsageError(
            "nothing that is kept here may tell of reports of suspicious transactions",
            code="incident.tipping_off",
            still="nothing was written",
            hint="leave that out; whoever reads the log, a venue too, would be tipped off",
        )


def opened(ports: Ports, named: Namers, incident: Incident) -> None:
    """Append `incident.open`."""
    keys = _keys(ports, incident.keys)

    def body(own: Names) -> dict[str, Any]:
        return {
            "incident": own.record_id(incident.id),
            "class": _CLASSES.get(incident.kind, "other"),
            "keys": fingerprints(ports, (key for key in keys if key.venue == own.venue)),
            "detected_at": instant(incident.detected_at),
            "how": incident.how,
        }

    private = {"incident": incident.id, "kind": incident.kind.value, "by": incident.opened_by}
    _append(ports, named, incident, "incident.open", "opened", body, private | {"how": incident.how})


def updated(ports: Ports, named: Namers, incident: Incident, event: Event, containment: str = "") -> None:
    """Append `incident.update` with what happened, and when where that was not now."""
    when = f" ({instant(event.at)})" if event.at != event.noted_at else ""
    note = f"{event.step.value}{when}" + (f": {event.text}" if event.text else "")

    def body(own: Names) -> dict[str, Any]:
        told = {"incident": own.record_id(incident.id), "note": note}
        return told | ({"containment": containment} if containment else {})

    private = {"incident": incident.id, "by": event.by, "note": note}
    _append(ports, named, incident, "incident.update", "updated", body, private)


def closed(ports: Ports, named: Namers, incident: Incident, by: str) -> None:
    """Append `incident.close`. `incident` has its cause and outcome."""

    def body(own: Names) -> dict[str, Any]:
        return {
            "incident": own.record_id(incident.id),
            "root_cause": incident.cause,
            "actions": list(incident.outcome),
        }

    private = {"incident": incident.id, "by": by, "cause": incident.cause}
    _append(ports, named, incident, "incident.close", "closed", body, private)


def frozen(ports: Ports, named: Namers, freeze: Freeze, keys: tuple[Key, ...]) -> None:
    """Append `handout.freeze` for a freeze that begins, or has its end; `keys`: all that it reaches."""
    venues = {key.venue for key in keys} | ({freeze.subject} if freeze.scope is Scope.VENUE else set())
    private = {
        "freeze": freeze.id,
        "subject": freeze.subject,
        "by": freeze.by if freeze.stands else freeze.ended_by,
        "reason": freeze.reason if freeze.stands else freeze.ended_why,
    }
    drafts = []
    for own in named.streams(venues):
        body: dict[str, Any] = {
            "freeze": own.record_id(freeze.id),
            "change": "set" if freeze.stands else "ended",
            "reach": freeze.scope.value,
        }
        if own.venue != FIRM:
            if freeze.scope is Scope.KEY:
                body["keys"] = fingerprints(ports, (key for key in keys if key.venue == own.venue))
            if freeze.scope is Scope.PERSON:
                body["person"] = own.person(freeze.subject)
            if freeze.incident:
                body["incident"] = own.record_id(freeze.incident)
        drafts.append(Draft(own.venue, "handout.freeze", body, private))
    _all(ports, drafts)


def died(ports: Ports, named: Namers, key: Key, version: KeyVersion, incident: Incident) -> None:
    """Append `key.invalidated_by_venue`: what the venue meant by it is not known yet."""
    body = {
        "key": version.fingerprint,
        "noticed_at": instant(incident.detected_at),
        "stage": "unknown",
        "venue_ref": named.of[key.venue].record_id(incident.id),
    }
    ports.audit.append(key.venue, "key.invalidated_by_venue", body, private={"incident": incident.id})


def fingerprints(ports: Ports, keys: Iterable[Key]) -> list[str]:
    """Those of all versions of these keys that may work; of a dead key its last one."""
    found = []
    for key in keys:
        versions = ports.inventory.versions(key.id)
        working = [v for v in versions if v.status is not VersionStatus.DEAD] or list(versions[-1:])
        found += [version.fingerprint for version in working]
    return found


def _keys(ports: Ports, ids: tuple[str, ...]) -> tuple[Key, ...]:
    return tuple(key for key in ports.inventory.keys() if key.id in ids)  # noqa: SIM118 - of the port


def _append(
    ports: Ports,
    named: Namers,
    incident: Incident,
    type_: str,
    change: str,
    body: Any,
    private: dict[str, Any],
) -> None:
    drafts = []
    for own in named.streams(incident.venues):
        if own.venue == FIRM:
            told = {"incident": own.record_id(incident.id), "change": change}
            drafts.append(Draft(FIRM, "incident.change", told, private))
        else:
            drafts.append(Draft(own.venue, type_, body(own), private))
    _all(ports, drafts)


def _all(ports: Ports, drafts: list[Draft]) -> None:
    for answer in ports.audit.append_all(drafts):
        if isinstance(answer, UsageError):
            raise answer
