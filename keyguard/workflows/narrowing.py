"""Minimisation: look at the key, narrow it by API or by a person's hand, see that the venue reports it so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from keyguard.core import excess
from keyguard.core.errors import ExchangeError, IntegrityError, Refused, UsageError
from keyguard.core.exchange import Fault, KeyReport, KeySpec
from keyguard.core.keys import Key, KeyVersion, Origin, Scope, scope_names
from keyguard.core.rotation import Action, Event
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Observation
from keyguard.workflows import credentials, proving, records, venue_keys
from keyguard.workflows.operations import ask, signed
from keyguard.workflows.run import Run

EDIT = "edit"
"""The journal's name for the one edit of a minimisation."""

BY_HAND = "by_hand"
"""Under this name a minimisation keeps whether a person edits at the venue's page."""

BEFORE = "before"
"""Under this name, the number of the audit record that shows the key as it was."""

GRANTS = "grants"
"""Under this name, the venue's permissions that the key had when it was planned."""

_FROM_ELSEWHERE = (Fault.IP, Fault.AMBIGUOUS, Fault.SCOPE)
"""Refusals of a living key that this machine cannot use: its manager's list tells what it does not."""

_SURENESS = (Origin.UNKNOWN, Origin.DECLARED, Origin.INFERRED, Origin.REPORTED)


def look(ports: Ports, key: Key, version: KeyVersion, manager: str, account: str) -> KeyReport:
    """Return all that the venue tells of a key: to the key itself, and in the list its manager sees.

    `manager` is the id of the managing key, "" for none. Raises Refused where the venue tells neither.
    """
    adapter, who = ports.gateway.adapter(key.venue), credentials.load(ports, version)
    told, refusal = None, None
    try:
        told = ask(ports, key.venue, adapter.whoami(who.key), who)
    except Refused as refused:
        if not manager or refused.fault not in _FROM_ELSEWHERE:
            raise
        refusal = refused
    listed = _listed(ports, key, manager, account, who.key) if manager else None
    if told is None or listed is None:
        found = told or listed
        if found is None:
            assert refusal is not None
            raise refusal
        return found
    return merged(listed, told)


def _listed(ports: Ports, key: Key, manager: str, account: str, public_id: str) -> KeyReport | None:
    """The key in the list its manager sees; None where there is none, or no more: it may manage itself, and
    managing is what was taken from it."""
    list_keys = ports.gateway.adapter(key.venue).list_keys
    if list_keys is None:
        return None
    who = credentials.load(ports, ports.inventory.live_version(manager))
    try:
        return venue_keys.find(ask(ports, key.venue, list_keys(account), who), public_id)
    except Refused as refusal:
        if manager == key.id and refusal.fault is Fault.SCOPE:
            return None
        raise


def merged(listed: KeyReport, told: KeyReport) -> KeyReport:
    """What the list says, with what the key was told of itself where that is known better."""
    found = replace(listed, enabled=listed.enabled and told.enabled)
    if _SURENESS.index(told.scopes_origin) > _SURENESS.index(listed.scopes_origin):
        found = replace(
            found,
            scopes=told.scopes,
            scopes_unknown=told.scopes_unknown,
            scopes_origin=told.scopes_origin,
            grants=told.grants,
        )
    if listed.ips is None and told.ips is not None:
        found = replace(found, ips=told.ips, ips_origin=told.ips_origin)
    if listed.expires_at is None and told.expires_at is not None:
        found = replace(found, expires_at=told.expires_at, expiry_origin=told.expiry_origin)
    return replace(
        found, created_at=listed.created_at or told.created_at, parent=listed.parent or told.parent
    )


def keep(ports: Ports, version: KeyVersion, report: KeyReport) -> None:
    """Keep what was seen. A managing key may call the account by another name than the key itself does, which
    is no drift: the name known before stays."""
    last = ports.inventory.last_observation(version.id)
    known = replace(report, account=last.report.account if last else "")
    ports.inventory.observe(Observation(version.id, ports.clock.now(), known))


def edit(run: Run) -> Action:
    """Make the key what the plan says, unless it is already; recorded before.

    The venue is asked first, so an edit of unknown outcome is never repeated blindly. UsageError
    `minimise.changed` where the key was made narrower elsewhere meanwhile: the edit would widen it.
    """
    operation = run.operation(EDIT)
    report = _settled(run) if operation.calls() or run.resumed else _look(run)
    if differences(run, report) or not _tells_all(run, report):
        _refuse_widening(run, report)
        _record(run, "key.update", _changes(run, report), "key", "changes")
        if run.workflow.data[BY_HAND]:
            spec = replace(run.spec, ips_told=run.plan.ips_known)
            run.ports.person.confirm(run.key.venue, run.adapter.guide_edit(report, spec))
        else:
            operation.forget()
            change = run.adapter.edit_key
            if change is None:
                raise IntegrityError(
                    "a plan with a manager needs a venue that edits keys", code="workflow.impossible"
                )
            run.tell("narrowing the key", _told(run.spec))
            operation.perform(
                change(report, run.spec), signed(run.ports, run.key.venue, run.manager_credential())
            )
    return run.advance(Event.EDITED)


def observe(run: Run) -> Action:
    """See that the venue reports the key as planned, and keep that as evidence.

    ExchangeError `minimise.not_proven` with the differences; taken up again, the edit is made once more.
    """
    report = _settled(run)
    if wrong := differences(run, report):
        if run.resumed:
            return run.advance(Event.BEGUN)
        raise ExchangeError(
            "the key is not what it was to be: " + "; ".join(wrong),
            code="minimise.not_proven",
            hint=f"put it right at {run.adapter.facts.key_page} and run `keyguard workflow resume "
            f"{run.workflow.id}`, or leave it so with `keyguard workflow cancel {run.workflow.id}`",
        )
    _keep(run, report)
    run.operation(EDIT).forget()
    run.tell(f"narrowed: {_told(run.spec)}", _known(run, report))
    return run.advance(Event.OBSERVED)


def leave(run: Run) -> Action:
    """Give it up: whatever became of the key is observed, so that nobody relies on the plan."""
    _keep(run, _look(run), planned=False)
    run.operation(EDIT).forget()
    return run.advance(Event.CLEANED)


def differences(run: Run, report: KeyReport) -> tuple[str, ...]:
    """How what the venue tells contradicts the plan; accounts have several names and do not count.

    Nor do permissions that were held before and are none of a scope any more: a key that Bybit makes
    read-only keeps the names of what it could trade.
    """
    public_id = run.old_version().public_id
    asked = {*run.spec.grants, *run.workflow.data[GRANTS]}
    spec = replace(run.spec, account="", grants=() if asked.issuperset(report.grants) else run.spec.grants)
    return proving.differences(spec, report, public_id, ips_known=run.plan.ips_known)


def _tells_all(run: Run, report: KeyReport) -> bool:
    """Whether the plan lies within what the venue tells: only then is no difference a proof."""
    told = report.scopes_origin is not Origin.UNKNOWN and not report.scopes_unknown
    return told and (report.ips is not None or not run.plan.ips_known)


def _look(run: Run) -> KeyReport:
    return look(run.ports, run.key, run.old_version(), run.plan.manager, run.plan.account)


def _settled(run: Run) -> KeyReport:
    """What the venue says once it says what was planned, or time enough has passed for the change to show."""
    report = _look(run)
    for wait in run.waits:
        if not differences(run, report):
            break
        run.ports.clock.sleep(wait)
        report = _look(run)
    return report


def _refuse_widening(run: Run, report: KeyReport) -> None:
    """Promise 5, against the key as it is this moment: somebody may have narrowed it since the plan."""
    told, spec = report.scopes_origin is not Origin.UNKNOWN, run.spec
    wider = spec.scopes & ~(report.scopes | report.scopes_unknown) if told else Scope.NONE
    opened = run.plan.ips_known and report.ips is not None and not excess.within(spec.ips, report.ips)
    if wider or opened:
        what = f"may {', '.join(scope_names(wider))}" if wider else "is open to more addresses"
        raise UsageError(
            f"the key was narrowed elsewhere meanwhile; as planned it {what} again",
            code="minimise.changed",
            still="the key is as it was found",
            hint=f"keyguard workflow cancel {run.workflow.id}, then plan it anew",
        )


def _changes(run: Run, report: KeyReport) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if report.scopes != run.spec.scopes:
        old, new = scope_names(report.scopes), scope_names(run.spec.scopes)
        changes["scopes_granted"] = {"old": list(old), "new": list(new)}
    if report.ips is not None and run.plan.ips_known and set(report.ips) != set(run.spec.ips):
        changes["ip_allow"] = {"old": list(report.ips), "new": list(run.spec.ips)}
    if run.spec.grants and set(run.spec.grants) != set(report.grants):
        changes["scopes_venue"] = {"old": list(report.grants), "new": list(run.spec.grants)}
    return {"key": run.old_version().fingerprint, "changes": changes}


def _keep(run: Run, report: KeyReport, *, planned: bool = True) -> None:
    """Evidence first, then the inventory. What the venue does not tell is declared, if a plan declares it."""
    _record(
        run, "key.observe", records.observe(run.names, report), "key", "status", "scopes_granted", "ip_allow"
    )
    known = proving.with_declared(run, report) if planned else report
    keep(run.ports, run.old_version(), known)


def _record(run: Run, type_: str, body: dict[str, Any], *same: str) -> None:
    """Append a record; after a crash only if this workflow has not yet: another may have said the same."""
    if run.resumed:
        before: int = run.workflow.data[BEFORE]
        records.append_once(run.ports, run.key.venue, type_, body, same, before)
    else:
        run.ports.audit.append(run.key.venue, type_, body)


def _told(spec: KeySpec) -> str:
    return f"{', '.join(scope_names(spec.scopes))} from {', '.join(spec.ips) or 'any address'}"


def _known(run: Run, report: KeyReport) -> str:
    """How that is known, and apart from it what is only declared (promise 10)."""
    parts = [f"scopes {report.scopes_origin.value}"]
    if untold := report.scopes_unknown:
        parts.append(f"{', '.join(scope_names(untold))} not told")
    addresses = report.ips_origin.value if report.ips is not None else "not told, declared only"
    return "; ".join([*parts, f"addresses {addresses}"])
