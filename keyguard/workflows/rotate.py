"""Rotate a key: plan from what the venue says of the old one, open the workflow, run it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from keyguard.core.errors import Refused, UsageError
from keyguard.core.excess import within
from keyguard.core.exchange import Adapter, KeyReport, KeySpec
from keyguard.core.keys import Key, KeyKind, KeyVersion, Origin, Scope, scope_names
from keyguard.core.rotation import State
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Observation
from keyguard.ports.journal import Workflow
from keyguard.workflows import credentials, deaths, incidents, managers, records
from keyguard.workflows.identity import Actor, names
from keyguard.workflows.operations import ask
from keyguard.workflows.plan import REASONS, Plan
from keyguard.workflows.rotation_runner import drive
from keyguard.workflows.run import ProcessAlive, Run

OVERLAP_S = 600


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may choose.

    `overlap_s`: how long processes with the old key may run on. `manager`: a key's name, "" to search.
    `needs`: declares the key's needs anew; NONE for those declared before. `ips`: the new key's
    addresses; None for those of the old one. `attended`: a person is there; else UsageError `person.needed`
    instead of beginning what only a person can do.
    """

    overlap_s: int = OVERLAP_S
    reason: str = "schedule"
    manager: str = ""
    needs: Scope = Scope.NONE
    ips: tuple[str, ...] | None = None
    attended: bool = True


def rotate(
    ports: Ports, key_name: str, options: Options, *, actor: Actor, process_alive: ProcessAlive
) -> Workflow:
    """Give a key a new version and prove the old one dead; return the finished workflow.

    Raises UsageError before anything was changed; later ExchangeError, OutcomeUnknown or StoreError with
    the workflow's id in the hint: everything done so far is journalled.
    """
    key = ports.inventory.find_key(key_name)
    refuse_sign_in(key)
    with ports.journal.alone(key.id):
        refuse_second(ports, key)
        incidents.refuse_unseen(ports, key)
        workflow_id = ports.clock.token(8).hex()
        declared = replace(key, needs=options.needs or key.needs)
        plan = make_plan(ports, declared, options, workflow_id)
        if declared != key:
            declare_needs(ports, key, declared)
            key = declared
        workflow = open_workflow(ports, "rotate", key, plan, workflow_id)
        ports.person.tell(f"rotating {key.name}", f"workflow {workflow.id}")
        return drive(Run(ports, workflow, key, actor, process_alive, resumed=False))


def refuse_sign_in(key: Key) -> None:
    """Raise UsageError `oauth.kind` for an app's sign-in: its tokens are refreshed, and it is signed out."""
    if key.kind is KeyKind.OAUTH:
        raise UsageError(
            f"{key.name} is the sign-in of an app, not a key",
            code="oauth.kind",
            still="nothing was changed",
            hint=f"keyguard key refresh {key.name}, or keyguard key sign-out {key.name}",
        )


def make_plan(ports: Ports, key: Key, options: Options, workflow_id: str) -> Plan:
    """Ask the venue about the key and lay down what its replacement must be. Changes nothing there."""
    if options.reason not in REASONS:
        raise UsageError(
            f"no such reason: {options.reason}", code="reason", hint="one of " + ", ".join(REASONS)
        )
    if options.overlap_s < 0:
        raise UsageError("the overlap cannot be negative", code="overlap")
    adapter = ports.gateway.adapter(key.venue)
    old = ports.inventory.live_version(key.id)
    report = current_report(ports, key, old)
    account = report.account or key.account
    manager = ""
    if adapter.create_key is not None:
        itself = Scope.MANAGE_KEYS in (key.needs or report.scopes)
        manager = managers.choose(ports, key, old, account, named=options.manager, itself=itself)
        if manager:
            report = managers.completed(ports, manager, account, report)
    if not manager and not options.attended:
        raise by_hand(adapter, key, options.reason)
    if adapter.create_key is None and options.manager:
        raise UsageError(
            f"{adapter.facts.name} creates no keys by API, so no key can manage it",
            code="manager.none",
            hint="leave the manager out: keyguard guides you through the venue's page",
        )
    scopes = wanted_scopes(key, report)
    if report.scopes_unknown and not key.needs:
        raise UsageError(
            f"{adapter.facts.name} does not tell all scopes of {key.name}, so they cannot be copied",
            code="rotation.scopes_unknown",
            still="nothing was changed",
            hint="declare what it needs: --needs read,trade_spot",
        )
    ips = wanted_ips(report, options.ips)
    if ips is None and (manager or adapter.facts.ip_mandatory):
        raise UsageError(
            f"{adapter.facts.name} does not tell the IP list of {key.name}, so it cannot be copied",
            code="rotation.ips_unknown",
            still="nothing was changed",
            hint="name the addresses: --ips 203.0.113.10",
        )
    spec = KeySpec(
        label=label_for(adapter, workflow_id),
        scopes=scopes,
        grants=wanted_grants(adapter, report, scopes, must=bool(manager)),
        ips=tuple(sorted(ips or ())),
        account=account,
    )
    return Plan(
        old=old.id,
        manager=manager,
        account=account,
        reason=options.reason,
        overlap_s=options.overlap_s,
        spec=spec,
        ips_known=ips is not None,
        seen=_seen(ports, key, old, account),
    )


def by_hand(adapter: Adapter, key: Key, reason: str) -> UsageError:
    """What is said where nobody is there to do at the venue's page what only a person can do."""
    return UsageError(
        f"{adapter.facts.name} makes or ends {key.name} at its page only, or no key that manages it is known",
        code="person.needed",
        still="nothing was begun",
        hint=f"keyguard key rotate {key.name} --reason {reason}",
    )


def open_workflow(ports: Ports, kind: str, key: Key, plan: Plan, workflow_id: str) -> Workflow:
    """Write the plan into the journal; from here on a crash is resumed, not forgotten."""
    now = ports.clock.now()
    data = {"plan": plan.encode()}
    workflow = Workflow(workflow_id, kind, key.id, State.PLANNED.value, now, now, data)
    ports.journal.open(workflow)
    return workflow


def refuse_second(ports: Ports, key: Key) -> None:
    """Raise UsageError if this key has an unfinished workflow: two would undo each other."""
    for workflow in ports.journal.workflows(unfinished=True):
        if workflow.key_id == key.id:
            raise UsageError(
                f"{key.name} has an unfinished workflow ({workflow.kind}, {workflow.state})",
                code="workflow.open",
                hint=f"keyguard workflow resume {workflow.id}",
            )


def current_report(ports: Ports, key: Key, old: KeyVersion) -> KeyReport:
    """Return what the venue says of the key now; of a key dead already, what it said last.

    What was declared at an earlier rotation fills what the venue does not tell. UsageError
    `incident.unseen` for a death that nobody expected: a person looks before the key is made anew.
    """
    adapter = ports.gateway.adapter(key.venue)
    last = ports.inventory.last_observation(old.id)
    who = credentials.load(ports, old)
    try:
        report = ask(ports, key.venue, adapter.whoami(who.key), who)
    except Refused as refusal:
        if last is None or refusal.fault not in adapter.facts.dead:
            raise
        if deaths.noticed(ports, key, old, refusal) is not None:
            incidents.refuse_unseen(ports, key)
        ports.person.tell("the venue refuses the old key; planning from what it said last", refusal.message)
        return last.report
    ports.audit.append(key.venue, "key.observe", records.observe(names(ports, key.venue), report))
    if last is not None and report.ips is None and last.report.ips_origin is Origin.DECLARED:
        report = replace(report, ips=last.report.ips, ips_origin=Origin.DECLARED)
    ports.inventory.observe(Observation(old.id, ports.clock.now(), report))
    return report


def wanted_scopes(key: Key, report: KeyReport) -> Scope:
    """Return the scopes of the replacement: those declared as needed, else those held; never more."""
    told = report.scopes_origin is not Origin.UNKNOWN
    if told and (wider := key.needs & ~(report.scopes | report.scopes_unknown)):
        raise UsageError(
            f"{key.name} needs {', '.join(scope_names(wider))} but does not hold it: a rotation never widens",
            code="rotation.widening",
            hint="make a key with these scopes at the venue and add it",
        )
    scopes = key.needs or report.scopes
    if not scopes:
        raise UsageError(
            f"neither the venue nor the inventory tells what {key.name} may do",
            code="rotation.scopes_unknown",
            hint="declare what the key needs",
        )
    return scopes


def wanted_grants(adapter: Adapter, report: KeyReport, scopes: Scope, *, must: bool) -> tuple[str, ...]:
    """Return the venue's permission names for the scopes: of those held, else all that add up to them.

    `must`: UsageError where no set of names gives exactly these scopes; else () leaves it to the person.
    """
    try:
        names, unknown = adapter.scopes, report.scopes_unknown
        try:
            kept = names.narrow(report.grants, scopes & ~unknown)
        except ValueError:
            kept = tuple(name for name, held in names.names.items() if held and held in scopes & ~unknown)
        # A permission the venue does not tell of may bring one it does, such as reading.
        untold = {name for name, held in names.names.items() if held & unknown and held in scopes}
        grants = tuple(sorted({*kept, *untold}))
        if names.read(grants) != scopes:
            raise ValueError("the venue's permissions do not add up to these scopes")
        return grants
    except (ValueError, LookupError) as error:
        if not must:
            return ()
        raise UsageError(
            f"{adapter.facts.name} cannot grant exactly {', '.join(scope_names(scopes))}",
            code="rotation.scopes",
            hint="declare needs the venue's permissions can express",
        ) from error


def wanted_ips(report: KeyReport, chosen: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return the replacement's addresses, () for any, None where nobody tells; never wider than before."""
    if chosen is None:
        return report.ips
    if report.ips and not within(chosen, report.ips):
        raise UsageError(
            "the old key is not open to all of these addresses: a rotation never widens",
            code="rotation.widening",
            hint="change the IP list of the key first",
        )
    return chosen


def declare_needs(ports: Ports, key: Key, declared: Key) -> None:
    """Record what a person declares of the key, then keep it."""
    fingerprint = ports.inventory.live_version(key.id).fingerprint
    change = {"old": list(scope_names(key.needs)), "new": list(scope_names(declared.needs))}
    ports.audit.append(key.venue, "key.update", {"key": fingerprint, "changes": {"scopes_needed": change}})
    ports.inventory.update_key(declared)


def label_for(adapter: Adapter, workflow_id: str) -> str:
    """Return a label only this workflow uses, so that its key can be found after a crash."""
    mark = workflow_id[:10]
    for label in (f"kg_{mark}", f"kg-{mark}", f"kg{mark}", mark):
        if re.fullmatch(adapter.facts.label_pattern, label):
            return label
    raise UsageError(f"no label of ours fits {adapter.facts.name}", code="adapter.label_pattern")


def _seen(ports: Ports, key: Key, old: KeyVersion, account: str) -> tuple[str, ...]:
    list_keys = ports.gateway.adapter(key.venue).list_keys
    if list_keys is None:
        return ()
    try:
        reports = ask(ports, key.venue, list_keys(account), credentials.load(ports, old))
    except Refused:
        return ()
    return tuple(report.public_id for report in reports)
