"""The keys a venue lists for an account, and the removal of those that are ours and nobody's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from keyguard.core.errors import IntegrityError, OutcomeUnknown, Refused
from keyguard.core.exchange import Adapter, Credential, Fault, Guide, KeyReport, Step
from keyguard.workflows import credentials, records
from keyguard.workflows.operations import ask, signed
from keyguard.workflows.run import BACKOFF_S, Run

END = "end"
"""The journal's name for the one key of a workflow that is being ended right now."""


LOST = "lost_at"
"""Under this name a workflow keeps when it last gave up looking for a key that it may have made: a venue's
list may be behind by more than was waited for, and show that key when another has taken its place."""

LAG = timedelta(minutes=6)
"""Lists of keys were seen to be behind by up to five minutes."""
_LOOK_S = 15.0


def listed(run: Run, who: Credential) -> tuple[KeyReport, ...] | None:
    """Return what the venue lists for the account; None where it offers no list to this caller."""
    if run.adapter.list_keys is None:
        return None
    try:
        return ask(run.ports, run.key.venue, run.adapter.list_keys(run.plan.account), who)
    except Refused as refusal:
        if refusal.fault in (Fault.RATE, Fault.BUSY, Fault.CLOCK, Fault.NONCE):
            raise
        return None


def managed(run: Run) -> tuple[KeyReport, ...]:
    """Return the account's keys as its managing key sees them.

    Raises Refused where the venue does not show them now: silence is never taken for absence.
    """
    if run.adapter.list_keys is None:
        raise IntegrityError(
            "a plan with a manager needs a venue that lists keys", code="workflow.impossible"
        )
    return ask(run.ports, run.key.venue, run.adapter.list_keys(run.plan.account), run.manager_credential())


def can_end(adapter: Adapter) -> bool:
    """Whether the venue deletes or at least disables keys by API."""
    return adapter.delete_key is not None or adapter.disable_key is not None


def ending(adapter: Adapter, key: KeyReport) -> Step[None]:
    """Return the operation that ends a key: deletion, else disabling."""
    end = adapter.delete_key or adapter.disable_key
    if end is None:
        raise IntegrityError("a plan with a manager needs a venue that ends keys", code="workflow.impossible")
    return end(key)


def ours(run: Run, *, patiently: bool) -> tuple[KeyReport, ...]:
    """Return the keys under this workflow's label that the inventory does not know.

    `patiently`: a change of unknown outcome went before, so the list is asked again until it shows one
    or time enough has passed for it to propagate.
    """
    for wait in (*run.waits, None) if patiently else (None,):
        labelled = [r for r in managed(run) if r.label == run.spec.label]
        found = tuple(r for r in labelled if not _known(run, r) and not _ended(run, r))
        if found or wait is None:
            return found
        run.ports.clock.sleep(wait)
    raise AssertionError("the last look returns")


def remove_strays(run: Run, strays: tuple[KeyReport, ...]) -> None:
    """End keys this workflow made and lost; recorded before. OutcomeUnknown if the venue keeps one."""
    for stray in strays:
        run.tell("removing a key that was left over", run.spec.label)
        body = {"key": run.names.key(stray.public_id), "reason": "other", "by": run.by(), "at_venue": "api"}
        run.record("key.revoke", body, "key")
        end(run, stray, run.manager_credential())
        _wait_until_gone(run, stray)
    run.operation(END).forget()


def end_lost(run: Run) -> None:
    """See that a key which may have been made and lost is ended: once lists have caught up nothing of this
    workflow may be in them but what the inventory knows."""
    lost = run.workflow.data.get(LOST)
    if lost is None:
        return
    left = datetime.fromisoformat(lost) + max(LAG, run.adapter.facts.propagation) - run.ports.clock.now()
    if left > timedelta():
        run.tell("waiting until the venue's list shows whatever was made", f"{left.total_seconds():.0f} s")
    for _ in range(ceil(left.total_seconds() / _LOOK_S)):
        run.demand_going_on()
        run.ports.clock.sleep(_LOOK_S)
    if run.guided:
        _ask_to_remove(run, _came_since(run, patiently=False) or ())
    else:
        remove_strays(run, ours(run, patiently=False))
    run.remember(**{LOST: None})


def lose(run: Run) -> None:
    """Keep that a key may have been made which the venue does not list so far; see `end_lost`."""
    run.remember(**{LOST: run.ports.clock.now().isoformat()})


def end(run: Run, key: KeyReport, who: Credential) -> None:
    """End one key at the venue; a key the venue no longer knows is fine.

    Only for a key the venue was just asked about: an earlier attempt of unknown outcome is settled.
    """
    operation = run.operation(END)
    operation.forget()
    try:
        operation.perform(ending(run.adapter, key), signed(run.ports, run.key.venue, who))
    except Refused as refusal:
        if refusal.fault is not Fault.NOT_FOUND:
            raise


def ask_to_remove_lost(run: Run) -> None:
    """Have a person delete the key that may have been made by hand before its secret got lost."""
    page = run.adapter.facts.key_page
    lost = _came_since(run, patiently=True)
    if lost is None:
        label, day = run.spec.label, f"{run.workflow.opened_at:%Y-%m-%d %H:%M} UTC"
        steps = (f"look for a key labelled {label}", f"or made since {day}", "delete it if there is one")
        run.ports.person.confirm(run.key.venue, Guide(page, "a key may have been made and lost", steps))
    elif not lost:
        lose(run)
    _ask_to_remove(run, lost or ())


def _ask_to_remove(run: Run, keys: tuple[KeyReport, ...]) -> None:
    for key in keys:
        guide = run.adapter.guide_delete(key)
        title = f"a key came up since the rotation began; unless it is someone else's: {guide.title}"
        run.ports.person.confirm(run.key.venue, replace(guide, title=title))


def _came_since(run: Run, *, patiently: bool) -> tuple[KeyReport, ...] | None:
    """Return unregistered keys the venue did not list when the workflow was planned; None without list.

    `patiently`: looked at once the list has caught up, not at the first key it shows: that may be one deleted
    a moment ago, while a newer one is not shown yet.
    """
    who = credentials.load(run.ports, run.ports.inventory.live_version(run.key.id))
    if patiently and listed(run, who) is not None:
        run.tell("waiting until the venue's list of keys is up to date", f"{sum(BACKOFF_S):.0f} s")
        run.ports.clock.sleep(sum(BACKOFF_S))
    if (reports := listed(run, who)) is None:
        return None
    return tuple(r for r in reports if r.public_id not in run.plan.seen and not _known(run, r))


def record_list(run: Run, who: Credential) -> None:
    """Record a full list taken from the venue, if there is one, and say which keys nobody registered."""
    if (reports := listed(run, who)) is None:
        return
    unknown = [r for r in reports if not _known(run, r)]
    body = records.keys_listed(run.names, reports, unknown)
    run.ports.audit.append(run.key.venue, "venue.keys_listed", body)
    if unknown:
        run.tell(
            f"{len(unknown)} more keys of this account are not in the inventory",
            ", ".join(r.label or f"…{r.public_id[-4:]}" for r in unknown),
        )


def in_another_account(run: Run, report: KeyReport) -> bool:
    """Whether a key that answered is of another account than the old one, as far as the venue tells.

    Where it names no accounts, the old key's own list says it: while that key works, its account's list
    holds the new one too.
    """
    if report.account and run.plan.account:
        return report.account != run.plan.account
    if run.adapter.list_keys is None:
        return False
    reports = listed(run, credentials.load(run.ports, run.old_version()))
    return reports is not None and find(reports, report.public_id) is None


def find(reports: tuple[KeyReport, ...], public_id: str) -> KeyReport | None:
    """Return the listed key of this public id."""
    return next((r for r in reports if r.public_id == public_id), None)


def _known(run: Run, report: KeyReport) -> bool:
    return run.ports.inventory.version_by_public_id(run.key.venue, report.public_id) is not None


def _ended(run: Run, report: KeyReport) -> bool:
    """Whether a listed key is as dead as this venue's API can make it."""
    return run.adapter.delete_key is None and not report.enabled


def _wait_until_gone(run: Run, stray: KeyReport) -> None:
    for wait in (*run.waits, None):
        entry = find(managed(run), stray.public_id)
        if entry is None or _ended(run, entry):
            return
        if wait is not None:
            run.ports.clock.sleep(wait)
    raise OutcomeUnknown(
        "the venue still lists a key it was told to delete",
        code="rotation.stray",
        still="the old key still works",
    )
