"""Rotation, middle: prove the new key at the venue, switch to it, let the old one drain."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from keyguard.core.errors import ExchangeError, Refused
from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Origin, Scope, scope_names
from keyguard.core.rotation import Action, Event
from keyguard.ports.inventory import Observation
from keyguard.workflows import credentials, managers, people_records, records, venue_keys
from keyguard.workflows.operations import CREATE, ask
from keyguard.workflows.run import Run

_POLL_S = 1.0
_LAST_REQUESTS_S = 2.0
"""What a process signed with the old key before it let go of it may still be on its way to the venue."""


def prove(run: Run) -> Action:
    """Have the venue answer a call signed with the new key and compare all it tells with what was asked.

    Repeated while a new key propagates; then ExchangeError `rotation.not_proven` with the differences.
    """
    run.operation(CREATE).forget()  # its credential is in the secret store, read back
    who = credentials.load(run.ports, run.new_version())
    wrong: tuple[str, ...] = ()
    for wait in (*run.waits, None):
        try:
            report = ask(run.ports, run.key.venue, run.adapter.whoami(who.key), who)
            if not run.guided:
                report = managers.completed(run.ports, run.plan.manager, run.plan.account, report)
        except Refused as refusal:
            wrong = (f"the venue refuses it: {refusal.message}",)
        else:
            wrong = differences(run.spec, report, who.key, ips_known=run.plan.ips_known)
            if not wrong and venue_keys.in_another_account(run, report):
                wrong = ("it belongs to another account",)
            if not wrong:
                return _proven(run, report)
        if wait is not None:
            run.ports.clock.sleep(wait)
    raise ExchangeError(
        "the new key is not what was asked for: " + "; ".join(wrong),
        code="rotation.not_proven",
        still="the old key still works; the new one is stored and not in use",
        hint=f"put it right at {run.adapter.facts.key_page} and run `keyguard workflow resume "
        f"{run.workflow.id}`, or undo with `keyguard workflow cancel {run.workflow.id}`",
    )


def differences(spec: KeySpec, report: KeyReport, public_id: str, *, ips_known: bool) -> tuple[str, ...]:
    """Return how what the venue tells contradicts the specification; what it does not tell cannot."""
    wrong = []
    if report.public_id != public_id:
        wrong.append("the venue answers for another key")
    if spec.account and report.account and report.account != spec.account:
        wrong.append("it belongs to another account")
    if not report.enabled:
        wrong.append("it is disabled")
    if report.scopes_origin is not Origin.UNKNOWN:
        if excess := report.scopes & ~spec.scopes:
            wrong.append(f"it may {_words(excess)} too")
        if lacking := spec.scopes & ~(report.scopes | report.scopes_unknown):
            wrong.append(f"it may not {_words(lacking)}")
    names_told = report.scopes_origin is Origin.REPORTED and spec.grants and report.grants
    if names_told and not wrong and set(report.grants) != set(spec.grants):
        wrong.append("the venue's permissions differ: " + ", ".join(report.grants))
    if ips_known and report.ips is not None and set(report.ips) != set(spec.ips):
        wrong.append(f"its IP list is {', '.join(report.ips) or 'empty'}")
    return tuple(wrong)


def switch(run: Run) -> Action:
    """Give the new key to whoever asks from now on."""
    body = {
        "old": run.old_version().fingerprint,
        "new": run.new_version().fingerprint,
        "reason": run.plan.reason,
    }
    _let_arrive(run)
    run.record("key.rotate", body, "old", "new")
    people_records.cover_key(run.ports, run.key)
    run.ports.inventory.switch(run.key.id, run.new_version().id)
    run.tell("switched: hand-outs give the new key")
    return run.advance(Event.SWITCHED, switched_at=run.ports.clock.now().isoformat())


def drain(run: Run) -> Action:
    """Wait until no process that was handed the old key still holds it and its last requests have arrived, or
    the overlap has passed."""
    until = datetime.fromisoformat(run.workflow.data["switched_at"]) + timedelta(seconds=run.plan.overlap_s)
    told: tuple[str, ...] = ()
    while users := running(run):
        left = (until - run.ports.clock.now()).total_seconds()
        if left <= 0:
            run.tell("the overlap has passed; still running with the old key", ", ".join(users))
            break
        if users != told:
            run.tell(f"waiting up to {left:.0f} s for the users of the old key", ", ".join(users))
            told = users
        run.ports.clock.sleep(min(_POLL_S, left))
        run.demand_going_on()
    else:
        if told:
            left = (until - run.ports.clock.now()).total_seconds()
            run.ports.clock.sleep(max(0.0, min(_LAST_REQUESTS_S, left)))
    return run.advance(Event.DRAINED)


def _let_arrive(run: Run) -> None:
    """Wait as long as the venue says that a new key may take to count everywhere: one of its machines has
    answered it, and the users' requests go to the others too. Without an overlap speed is all that counts."""
    if not run.plan.overlap_s:
        return
    age = (run.ports.clock.now() - run.new_version().created_at).total_seconds()
    if (left := run.adapter.facts.propagation.total_seconds() - age) > 0:
        run.tell("waiting until the new key counts everywhere at the venue", f"{left:.0f} s")
        run.ports.clock.sleep(left)


def running(run: Run) -> tuple[str, ...]:
    """End the leases of processes that are gone; return who still runs with the old key.

    Another host's pids mean nothing here: its leases count until that host ends them.
    """
    users = []
    for lease in run.ports.inventory.open_leases(run.plan.old):
        if not lease.is_on(run.actor.host):
            users.append(f"{lease.command} ({lease.process})")
        elif run.process_alive(lease.pid, lease.started):
            users.append(f"{lease.command} (pid {lease.pid})")
        else:
            run.ports.inventory.end_lease(lease.id, run.ports.clock.now())
    return tuple(users)


def _proven(run: Run, report: KeyReport) -> Action:
    run.record("key.observe", records.observe(run.names, report), "key", "status", "ip_allow")
    known = with_declared(run, report)
    run.ports.inventory.observe(Observation(run.new_version().id, run.ports.clock.now(), known))
    run.tell("proven: the venue answers the new key", _told(run, report))
    return run.advance(Event.PROVEN)


def with_declared(run: Run, report: KeyReport) -> KeyReport:
    """Fill what the venue does not tell from what was asked for, marked as declared only."""
    if report.ips is None and run.plan.ips_known:
        report = replace(report, ips=run.spec.ips, ips_origin=Origin.DECLARED)
    if report.scopes_origin is Origin.UNKNOWN:
        report = replace(
            report, scopes=run.spec.scopes, scopes_unknown=Scope.NONE, scopes_origin=Origin.DECLARED
        )
    return report


def _told(run: Run, report: KeyReport) -> str:
    """Say what was shown and how, and apart from it what is only declared (promise 10)."""
    shown = f"{_words(report.scopes) or 'no scopes'} {report.scopes_origin.value}"
    declared = run.spec.scopes & report.scopes_unknown
    return f"{shown}; {_words(declared)} only declared, the venue does not tell" if declared else shown


def _words(scopes: Scope) -> str:
    return ", ".join(scope_names(scopes))
