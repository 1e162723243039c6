"""Contain an incident: hand-outs of its keys stop first, then each key is ended at its venue, with proof.

It goes on where it was interrupted: what is frozen stays so, what is dead is passed over, and a revocation
that was begun is resumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from keyguard.core.errors import KeyguardError, NotStored, StoreError, UsageError
from keyguard.core.incidents import Incident, Step
from keyguard.core.keys import Key, VersionStatus
from keyguard.ports.all import Ports
from keyguard.ports.journal import Workflow
from keyguard.workflows import danger, freezes, incidents, recovery
from keyguard.workflows import incident_records as told
from keyguard.workflows.identity import Actor
from keyguard.workflows.revoke import revoke
from keyguard.workflows.run import ProcessAlive


@dataclass(slots=True)
class Contained:
    """What came of it, keys by name, in the order in which it was tried. `left`: what still works."""

    incident: Incident
    frozen: tuple[str, ...] = ()
    revoked: list[str] = field(default_factory=list)
    failed: dict[str, KeyguardError] = field(default_factory=dict)
    left: tuple[str, ...] = ()


def contain(
    ports: Ports, wanted: str, *, revoking: bool, manager: str = "", actor: Actor, process_alive: ProcessAlive
) -> Contained:
    """Freeze the incident's keys and, with `revoking`, end them, the most dangerous first.

    What fails does not keep the others waiting. The incident counts as contained when no hand-out of its keys
    begins any more and, with `revoking`, none of them works. Raises UsageError `incident.unknown`,
    `incident.over`; StoreError where the store is locked or broken.
    """
    incident = _frozen(ports, wanted, actor)
    keys = danger.ordered(ports, _known(ports, incident))
    done = Contained(incident, tuple(key.name for key in keys))
    for key in keys if revoking else ():
        if _dead(ports, key) and _begun(ports, key) is None:
            continue
        try:
            _end(ports, key, incident, manager=manager, actor=actor, process_alive=process_alive)
        except KeyguardError as error:
            if isinstance(error, StoreError) and not isinstance(error, NotStored):
                raise
            ports.person.tell(f"{key.name} was not revoked", error.message)
            done.failed[key.name] = error
        else:
            done.revoked.append(key.name)
    done.left = tuple(key.name for key in keys if not _dead(ports, key))
    done.incident = _noted(ports, incident, done, revoking=revoking, actor=actor)
    return done


def _frozen(ports: Ports, wanted: str, actor: Actor) -> Incident:
    found = ports.incidents.find(wanted)
    named = told.namers(ports, found.venues)
    with ports.inventory.transaction():
        incident = incidents.standing(ports, found.id)
        covered = {one.subject for one in ports.incidents.freezes() if one.incident == incident.id}
        missing = [key for key in _known(ports, incident) if key.id not in covered]
        if not missing:
            return incident
        by = freezes.who(ports, actor)
        return incidents.keep(ports, incidents.freeze_keys(ports, named, incident, missing, by=by))


def _end(
    ports: Ports, key: Key, incident: Incident, *, manager: str, actor: Actor, process_alive: ProcessAlive
) -> None:
    """Revoke a key, or go on with the revocation that was begun."""
    begun = _begun(ports, key)
    if begun is None:
        reason = incidents.REASONS[incident.kind]
        revoke(ports, key.id, reason=reason, manager=manager, actor=actor, process_alive=process_alive)
    elif begun.kind == "revoke":
        recovery.resume(ports, begun.id, actor=actor, process_alive=process_alive, manager=manager)
    else:
        raise UsageError(
            f"{key.name} has an unfinished workflow ({begun.kind}, {begun.state})",
            code="workflow.open",
            still="its hand-outs are frozen",
            hint=f"keyguard workflow resume {begun.id}, or cancel it; then contain again",
        )


def _begun(ports: Ports, key: Key) -> Workflow | None:
    """Its unfinished workflow. One whose key is dead has still to forget the secret and to close."""
    return next((one for one in ports.journal.workflows(unfinished=True) if one.key_id == key.id), None)


def _noted(ports: Ports, incident: Incident, done: Contained, *, revoking: bool, actor: Actor) -> Incident:
    """Note once what was reached: every key dead, and contained."""
    reached = []
    if revoking and not done.left and done.frozen and incident.first(Step.REVOKED) is None:
        reached.append((Step.REVOKED, f"{len(done.frozen)} keys are proven dead", "revoked"))
    if (not revoking or not done.left) and incident.first(Step.CONTAINED) is None:
        what = f"{_few(done.left)} frozen, not revoked" if done.left else "nothing of it works any more"
        reached.append((Step.CONTAINED, what, what))
    for step, text, containment in reached:
        incident = incidents.add_event(ports, incident.id, step, text, actor=actor, containment=containment)
    return incident


def _known(ports: Ports, incident: Incident) -> list[Key]:
    """The incident's keys, those left out that were forgotten since."""
    return [key for key in ports.inventory.keys() if key.id in incident.keys]  # noqa: SIM118 - of the port


def _dead(ports: Ports, key: Key) -> bool:
    return all(version.status is VersionStatus.DEAD for version in ports.inventory.versions(key.id))


def _few(names: Sequence[str]) -> str:
    return f"{len(names)} keys" if len(names) != 1 else "1 key"
