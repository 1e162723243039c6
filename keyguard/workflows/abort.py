"""Give up a rotation before its switch: the new key is ended at the venue, the old one never touched."""

from __future__ import annotations

import contextlib

from keyguard.core.errors import Refused
from keyguard.core.keys import KeyVersion, VersionStatus
from keyguard.core.rotation import Action, Event
from keyguard.ports.inventory import Observation
from keyguard.workflows import burial, credentials, guided, venue_keys
from keyguard.workflows.operations import CREATE, ask
from keyguard.workflows.run import BACKOFF_S, Run


def clean_up(run: Run) -> Action:
    """End whatever this workflow made, prove it where it was registered, forget its secret."""
    run.tell("cleaning up", run.spec.label)
    if run.guided:
        _clean_by_hand(run)
    else:
        begun = bool(run.operation(CREATE).calls()) and _registered(run) is None
        found = venue_keys.ours(run, patiently=begun)
        if begun and not found:
            venue_keys.lose(run)
        venue_keys.remove_strays(run, found)
    venue_keys.end_lost(run)
    version = _registered(run)
    if version is not None and version.status is not VersionStatus.DEAD:
        _let_propagate(run, version)
        _see_alive(run, version)
        burial.record_revocation(run, version)
        burial.end_version(run, version)
        burial.bury_version(run, version, burial.prove_dead(run, version))
    elif "new" in run.workflow.data:
        run.ports.secrets.delete(f"version/{run.workflow.data['new']['id']}")
    run.operation(CREATE).forget()
    run.operation(venue_keys.END).forget()
    return run.advance(Event.CLEANED)


def _let_propagate(run: Run, version: KeyVersion) -> None:
    """Wait until the new key shows everywhere at the venue: before that it would look dead already."""
    age = (run.ports.clock.now() - version.created_at).total_seconds()
    run.ports.clock.sleep(max(0.0, sum(BACKOFF_S) - age))


def _see_alive(run: Run, version: KeyVersion) -> None:
    """Ask the key before it is ended, where nobody has yet: a refusal of several meanings shows its death
    only if it had been answered from here."""
    if run.ports.inventory.last_observation(version.id) is not None:
        return
    who = credentials.load(run.ports, version)
    with contextlib.suppress(Refused):
        report = ask(run.ports, run.key.venue, run.adapter.whoami(who.key), who)
        run.ports.inventory.observe(Observation(version.id, run.ports.clock.now(), report))


def can_clean_up(run: Run) -> bool:
    """Whether the old key is still the one in use; a crash may have hidden the switch from the journal."""
    version = _registered(run)
    return run.machine.can_abort(run.state) and (version is None or version.status is not VersionStatus.LIVE)


def _registered(run: Run) -> KeyVersion | None:
    new = run.workflow.data.get("new")
    versions = run.ports.inventory.versions(run.key.id)
    return next((v for v in versions if new and v.id == new["id"]), None)


def _clean_by_hand(run: Run) -> None:
    if _registered(run) is not None:
        return
    calls = run.operation(CREATE).calls()
    if calls and calls[-1].reply is not None:
        guided.discard(run, guided.pasted(run))
    elif calls:
        venue_keys.ask_to_remove_lost(run)
