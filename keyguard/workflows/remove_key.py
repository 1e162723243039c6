"""Forget a key: its secrets, what is known of it, the grants for it. The log keeps that it was here."""

from __future__ import annotations

from keyguard.core.errors import UsageError
from keyguard.core.keys import Key, KeyVersion, VersionStatus
from keyguard.core.people import GrantState
from keyguard.ports.all import Ports
from keyguard.workflows import credentials, end_grant, people_records
from keyguard.workflows.authority import acting, demand_admin
from keyguard.workflows.identity import Actor
from keyguard.workflows.rotate import refuse_second
from keyguard.workflows.run import ProcessAlive


def remove(
    ports: Ports,
    key_name: str,
    *,
    reason: str,
    actor: Actor,
    process_alive: ProcessAlive,
    living: bool = False,
) -> Key:
    """Forget a key that is dead at its venue; with `living` also one that lives on there without us.

    The record comes first, then the secrets go, then the rows: what a crash leaves is a key that can be
    removed again. Raises UsageError `key.alive`, `key.in_use` while a process holds it, `workflow.open`,
    `rights.not_admin` (a key that lives on), StoreError.
    """
    key = ports.inventory.find_key(key_name)
    with ports.journal.alone(key.id):
        refuse_second(ports, key)
        versions = ports.inventory.versions(key.id)
        alive = [version for version in versions if version.status is not VersionStatus.DEAD]
        if alive:
            if not living:
                raise _lives(key)
            demand_admin(ports, actor)
        named = people_records.namers(ports)
        with ports.inventory.transaction():
            _demand_free(ports, key, alive, actor, process_alive)
            _record(ports, named, key, versions, by=acting(ports, actor).id, reason=reason)
            for version in alive:  # so that no hand-out slips in before the rows go
                ports.inventory.set_status(version.id, VersionStatus.RETIRED)
        for version in versions:
            credentials.forget(ports, version)
        ports.inventory.remove_key(key.id)
    return key


def _lives(key: Key) -> UsageError:
    return UsageError(
        f"{key.name} lives at its venue: without its secret nobody here could end it",
        code="key.alive",
        still="nothing was removed",
        hint=f"keyguard key revoke {key.name} --reason R; if it is to live on elsewhere: --living",
    )


def _demand_free(
    ports: Ports, key: Key, alive: list[KeyVersion], actor: Actor, process_alive: ProcessAlive
) -> None:
    """A lease of another host counts: only that host can tell whether its process is still there."""
    leases = [lease for version in alive for lease in ports.inventory.open_leases(version.id)]
    held = [one for one in leases if not one.is_on(actor.host) or process_alive(one.pid, one.started)]
    if held:
        raise UsageError(
            f"{key.name} is in use by {held[0].command} ({held[0].process})",
            code="key.in_use",
            still="nothing was removed",
            hint="end it, then try again",
        )


def _record(
    ports: Ports,
    named: people_records.Namers,
    key: Key,
    versions: tuple[KeyVersion, ...],
    *,
    by: str,
    reason: str,
) -> None:
    """End the grants of this key alone, and tell its venue that it is not kept here any more."""
    for grant in ports.people.grants():
        lasting = grant.state is not GrantState.REJECTED and grant.span.ended_at is None
        if grant.key_id == key.id and lasting:
            end_grant.end_one(ports, named, grant, by=by, reason=reason)
    for version in versions:
        body = {
            "key": version.fingerprint,
            "by": named[key.venue].person(by),
            "reason": reason,
            "living": version.status is not VersionStatus.DEAD,
        }
        ports.audit.append(key.venue, "key.remove", body, private={"name": key.name})
