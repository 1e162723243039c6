"""The end of a key: announce, revoke at the venue, prove that it is dead, forget its secret."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from typing import TypeAlias

from keyguard.core.errors import ExchangeError, NotStored, OutcomeUnknown, Refused, UsageError
from keyguard.core.exchange import Credential, Fault, KeyReport
from keyguard.core.keys import Key, KeyVersion, VersionStatus
from keyguard.core.rotation import Action, Event
from keyguard.workflows import checklist, credentials, inferred_death, paste_checks, records, venue_keys
from keyguard.workflows.operations import ask
from keyguard.workflows.run import Run

_MEANING = {
    Fault.KEY_UNKNOWN: "key_unknown",
    Fault.KEY_EXPIRED: "key_expired",
    Fault.KEY_DISABLED: "key_disabled",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that a key is dead, in the words of KGA/1 `key.revoke_confirmed`."""

    method: str
    meaning: str
    venue_code: str
    http_status: int
    checked_at: str
    attempts: int

    @property
    def inferred(self) -> bool:
        """Whether the venue's words alone would not show it."""
        return self.method == inferred_death.METHOD


_Witness: TypeAlias = tuple[tuple[Key, Credential], tuple[KeyReport, ...] | None]
"""A key that works from here now, and the list it is shown (None: none that tells anything)."""


def announce(run: Run) -> Action:
    """Record the revocation before it happens, and stop handing the key out."""
    record_revocation(run, run.old_version())
    if run.old_version().status is VersionStatus.LIVE:
        run.ports.inventory.set_status(run.plan.old, VersionStatus.RETIRED)
    return run.advance(Event.ANNOUNCED)


def record_revocation(run: Run, version: KeyVersion) -> None:
    """Append `key.revoke` for a version that is about to be revoked."""
    body = {
        "key": version.fingerprint,
        "reason": run.plan.reason,
        "by": run.by(),
        "at_venue": "web" if run.guided else "api",
    }
    run.record("key.revoke", body, "key")


def revoke(run: Run) -> Action:
    """Have the old key ended at the venue, by the managing key or by a person."""
    if run.plan.spec is not None:
        _replacement_works(run)
    run.tell("revoking the old key", "at the venue's page" if run.guided else "")
    end_version(run, run.old_version())
    return run.advance(Event.REVOKED)


def end_version(run: Run, version: KeyVersion) -> None:
    """End one key. The venue is asked first: what an earlier attempt did is not done again."""
    if run.guided:
        if not (run.resumed and isinstance(_try_proof(run, version, 1), Proof)):
            ref = version.venue_ref or version.public_id
            target = KeyReport(version.public_id, ref=ref, account=run.plan.account)
            guide = checklist.walk(run, checklist.DELETE, run.adapter.guide_delete(target))
            run.ports.person.confirm(run.key.venue, guide)
            run.remember(checklist=None, told_done_at=records.instant(run.ports.clock.now()))
        return
    entry = venue_keys.find(venue_keys.managed(run), version.public_id)
    if entry is not None:
        venue_keys.end(run, entry, run.manager_credential())


def bury(run: Run) -> Action:
    """Prove the old key dead; OutcomeUnknown `rotation.revoked_unconfirmed` where it cannot be proven.

    Taken up again, a key that still lives is ended once more: the list may have been without it when it
    was to be ended, or a person may have said "done" too early.
    """
    if run.resumed and not isinstance(_try_proof(run, run.old_version(), 1), Proof):
        with contextlib.suppress(Refused):  # the manager may have ended itself; the proof below tells
            end_version(run, run.old_version())
    proof = prove_dead(run, run.old_version())
    shown = (
        "taken for dead: the venue refuses" if proof.inferred else "proven dead: the venue no longer knows"
    )
    run.tell(f"{shown} the old key", proof.method)
    return run.advance(Event.BURIED, proof=asdict(proof), secret=_fingerprint(run))


def _fingerprint(run: Run) -> str | None:
    """What tells the old secret should somebody paste it as a new one; None where it is stored no more, or
    where the store takes no salt for it: a proof of death does not wait for that."""
    try:
        secret = credentials.load(run.ports, run.old_version()).secret
        return paste_checks.secret_fingerprint(run.ports, secret)
    except NotStored:
        return None


def close(run: Run) -> Action:
    """Record the proof, forget the dead secret, and see that nothing of this workflow is left over."""
    bury_version(run, run.old_version(), Proof(**run.workflow.data["proof"]))
    venue_keys.end_lost(run)
    if run.plan.spec is not None and not run.guided:
        # A request that timed out may have been carried out long after we looked.
        venue_keys.remove_strays(run, venue_keys.ours(run, patiently=False))
    run.operation(venue_keys.END).forget()
    if run.lists and (found := working_key(run)) is not None:
        venue_keys.record_list(run, found[1])
    return run.advance(Event.CLOSED)


def bury_version(run: Run, version: KeyVersion, proof: Proof) -> None:
    """Record the proof, mark the version dead, and only then delete its secret."""
    body = {"key": version.fingerprint, **asdict(proof)}
    run.record("key.revoke_confirmed", body, "key")
    run.ports.inventory.set_status(version.id, VersionStatus.DEAD)
    run.ports.secrets.delete(version.item)


def prove_dead(run: Run, version: KeyVersion) -> Proof:
    """Return the proof that a key is dead.

    1. the venue refuses a call signed with it, by a fault that can mean a missing key;
    2. another key works from here at the same time, so it is not our address, clock or network: the managing
       key, which is shown the list, or any other;
    3. the venue's list of keys, where there is one, is without it;
    4. where there is none and the refusal may mean other things too, it is refused again and again while a
       key of the same account is answered: that proof is inferred, and says so.

    Repeated while the revocation propagates; OutcomeUnknown `rotation.revoked_unconfirmed` after that.
    """
    reason = ""
    for attempt, wait in enumerate((*run.waits, None), start=1):
        outcome = _try_proof(run, version, attempt)
        if isinstance(outcome, Proof):
            return outcome
        reason = outcome
        if wait is not None:
            if attempt == 1 and (span := run.adapter.facts.propagation):
                run.tell("waiting for the key to die", f"up to {span.total_seconds():.0f} s at this venue")
            run.ports.clock.sleep(wait)
    raise OutcomeUnknown(
        f"the key was revoked but is not proven dead: {reason}",
        code="rotation.revoked_unconfirmed",
        still="its secret is kept for the proof",
        hint=f"look at {run.adapter.facts.key_page}, then `keyguard workflow resume {run.workflow.id}`",
    )


def _try_proof(run: Run, version: KeyVersion, attempt: int) -> Proof | str:
    try:
        dead = credentials.load(run.ports, version)
    except NotStored:
        return "its secret is no longer stored here, so the venue cannot be asked with it"
    # (1)
    try:
        ask(run.ports, run.key.venue, run.adapter.whoami(dead.key), dead)
    except Refused as refusal:
        probe = refusal
    except ExchangeError as error:
        return error.message
    else:
        return "the venue still answers it"
    if probe.fault not in run.adapter.facts.dead:
        return f"the venue refuses it, but for a reason that proves nothing ({probe.fault.value})"
    # (2), (3)
    witness = _manager_s_list(run)
    if witness is None:
        control = working_key(run)
        if control is None:
            return "no other key of this venue works from here, so the refusal may have another cause"
        witness = control, _full_list(run, *control)
    control, reports = witness
    entry = None if reports is None else venue_keys.find(reports, version.public_id)
    if entry is not None and (entry.enabled or run.adapter.delete_key is not None):
        return "the venue still lists it"
    if reports is None and not run.guided:
        return "the venue did not show the account's keys"
    inferred = reports is None and probe.fault not in _MEANING
    # (4)
    if inferred and (reason := inferred_death.doubt(run, version, dead, control)):
        return reason
    listing = [] if reports is None else ["listed disabled" if entry else "absent from the key list"]
    method = ", ".join(["refused", *listing, "control call answered"])
    return Proof(
        method=inferred_death.METHOD if inferred else method,
        meaning=_MEANING.get(probe.fault, "key_unknown" if inferred else "list_absent"),
        venue_code=probe.venue_code,
        http_status=probe.http_status,
        checked_at=records.instant(run.ports.clock.now()),
        attempts=attempt,
    )


def _manager_s_list(run: Run) -> _Witness | None:
    """The managing key and the list it is shown now; None without one, or where it is not answered."""
    if run.plan.manager in ("", run.key.id):
        return None
    try:
        key = run.ports.inventory.find_key(run.plan.manager)
        who = credentials.load(run.ports, run.ports.inventory.live_version(key.id))
        reports = venue_keys.listed(run, who)
    except (UsageError, NotStored, ExchangeError):
        return None
    return None if reports is None else ((key, who), reports)


def working_key(run: Run) -> tuple[Key, Credential] | None:
    """Return a key that works from here now: the managing one, this key's live version, or any other."""
    keys = sorted(
        run.ports.inventory.keys(), key=lambda k: (k.id != run.plan.manager, k.id != run.key.id, k.name)
    )
    for key in keys:
        if (key.venue, key.environment) == (run.key.venue, run.key.environment):
            try:
                who = credentials.load(run.ports, run.ports.inventory.live_version(key.id))
                ask(run.ports, key.venue, run.adapter.whoami(who.key), who)
            except (UsageError, NotStored, ExchangeError):
                continue
            return key, who
    return None


def _full_list(run: Run, key: Key, who: Credential) -> tuple[KeyReport, ...] | None:
    """Return the account's list of keys; None where what this caller sees may be another account's.

    The managing key saw the old key at the start. Any other caller must belong to the same account, or
    see this key's live version in the list: else absence means nothing.
    """
    reports = venue_keys.listed(run, who)
    if reports is None or key.id == run.plan.manager:
        return reports
    shown = {report.public_id for report in reports}
    live = {v.public_id for v in run.ports.inventory.versions(run.key.id) if v.status is VersionStatus.LIVE}
    same_account = run.plan.account != "" and key.account == run.plan.account
    return reports if same_account or shown & live else None


def _replacement_works(run: Run) -> None:
    """Ask the venue with the new key once more: much may have happened while the old one drained."""
    who = credentials.load(run.ports, run.new_version())
    try:
        ask(run.ports, run.key.venue, run.adapter.whoami(who.key), who)
    except Refused as refusal:
        refusal.still = "the new key no longer works, so the old one was not revoked"
        raise
