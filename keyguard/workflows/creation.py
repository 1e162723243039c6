"""Rotation, first half: create the new key, by API or by a person's hand, and store it."""

from __future__ import annotations

from dataclasses import replace

from keyguard.core.errors import (
    IntegrityError,
    NotOffered,
    OutcomeUnknown,
    Refused,
)
from keyguard.core.exchange import (
    Credential,
    Effect,
    Fault,
    KeyReport,
    NewKey,
    Step,
)
from keyguard.core.keys import KeyVersion, VersionStatus
from keyguard.core.rotation import Action, Event
from keyguard.workflows import credentials, guided, records, venue_keys
from keyguard.workflows.operations import CREATE, ask, signed
from keyguard.workflows.run import BACKOFF_S, Run

_REPEATABLE = (Effect.KEY_EDITED, Effect.KEY_ENABLED)
"""Effects that set a whole state: once the key is known to exist, sending them again changes nothing."""


def create(run: Run) -> Action:
    """Make the new key; afterwards its credential is sealed in the journal and nowhere else."""
    run.tell("creating the new key", "at the venue's page" if run.guided else run.spec.label)
    made = guided.create(run) if run.guided else _by_api(run)
    new = {
        "id": run.ports.clock.token(8).hex(),
        "public_id": made.credential.key,
        "ref": made.report.ref,
    }
    return run.advance(Event.CREATED, new=new, checklist=None)


def store(run: Run) -> Action:
    """Put the new credential into the secret store, read it back, then register it."""
    made = run.operation(CREATE).replay(guided.step() if run.guided else _api_step(run))
    new = run.workflow.data["new"]
    registered = run.ports.inventory.versions(run.key.id)
    version = KeyVersion(
        id=new["id"],
        key_id=run.key.id,
        # Not merely after the old one: a rotation that was given up has left a dead version behind it.
        number=max(known.number for known in registered if known.id != new["id"]) + 1,
        public_id=new["public_id"],
        fingerprint=run.names.key(new["public_id"]),
        status=VersionStatus.STAGED,
        created_at=run.ports.clock.now(),
        venue_ref=new["ref"],
    )
    credentials.store(run.ports, version, made.credential)
    report = _seen(run, made.credential) if run.guided else made.report
    body = records.register(
        run.names,
        run.key,
        made.credential.kind,
        replace(report, account=report.account or run.plan.account),
        run.adapter.facts,
        storage=run.ports.secrets.kind,
        source="created_here",
    )
    if all(known.id != version.id for known in registered):
        run.ports.inventory.add_version(version)
    run.record("key.register", body, "key")
    run.tell("stored the new key and read it back", run.ports.secrets.kind)
    return run.advance(Event.STORED)


def settle(run: Run) -> None:
    """After a crash or time-out: learn from the venue what became of an unanswered creation.

    Leaves the journal with answers from which the key can be rebuilt (and repeatable requests to send
    again), or empty with nothing of ours left at the venue.
    """
    operation = run.operation(CREATE)
    calls = [call for call in operation.calls() if call.effect is not Effect.NONE]
    unknown = [call for call in calls if call.reply is None]
    if calls and not unknown and _readable(run):
        return
    if calls:
        run.tell("asking the venue what became of the new key")
        found = venue_keys.ours(run, patiently=True)
        if found and unknown and all(call.effect in _REPEATABLE for call in unknown):
            return
        if unknown and not found:
            venue_keys.lose(run)
        venue_keys.remove_strays(run, found)
    operation.forget()


def _readable(run: Run) -> bool:
    """Whether the answers in the journal give a key: one that was cut off never will, however often it is
    read, so the key it tells of is ended and another made."""
    try:
        run.operation(CREATE).replay(_api_step(run))
    except OutcomeUnknown:
        return False
    except IntegrityError:
        return True  # readable so far; some are still to be asked for
    return True


def _by_api(run: Run) -> NewKey:
    if run.resumed:
        settle(run)
    operation = run.operation(CREATE)
    send = signed(run.ports, run.key.venue, run.manager_credential())
    replaying = bool(operation.calls())
    waits = iter(BACKOFF_S)
    while True:
        try:
            return operation.perform(_api_step(run), send)
        except Refused as refusal:
            begun = any(c.reply is not None and c.effect is not Effect.NONE for c in operation.calls())
            if refusal.fault is Fault.NOT_FOUND and begun and (wait := next(waits, None)) is not None:
                run.ports.clock.sleep(wait)  # the new key has not propagated yet: go on where it stands
                continue
            # A creation of several requests may have been refused half-way: leave nothing behind.
            found = venue_keys.ours(run, patiently=begun)
            if begun and not found:
                venue_keys.lose(run)
            venue_keys.remove_strays(run, found)
            operation.forget()
            if not replaying:
                refusal.still = "the old key still works; nothing new is left at the venue"
                raise
            replaying = False  # it may only have come too late (a one-time code): once more, afresh


def _api_step(run: Run) -> Step[NewKey]:
    if run.adapter.create_key is None:
        raise NotOffered(
            f"{run.adapter.facts.name} creates no keys by API",
            code="exchange.not_offered",
            hint=f"see {run.adapter.facts.key_page}",
        )
    return run.adapter.create_key(run.spec)


def _seen(run: Run, credential: Credential) -> KeyReport:
    try:
        return ask(run.ports, run.key.venue, run.adapter.whoami(credential.key), credential)
    except Refused:
        return KeyReport(credential.key, ref=credential.key)
