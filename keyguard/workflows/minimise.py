"""Minimise keys: say what each may beyond need and use and what a thief gains by it; take that away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from keyguard.core.errors import UsageError
from keyguard.core.excess import Usage, within
from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Environment, Key, KeyKind, KeyVersion, Origin, Scope, scope_names
from keyguard.core.rotation import State
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Observation
from keyguard.ports.journal import Workflow
from keyguard.workflows import managers, narrowing, records, rotate, usage
from keyguard.workflows.blast import holders
from keyguard.workflows.identity import Actor, names
from keyguard.workflows.plan import Plan
from keyguard.workflows.proposal import Fix, Proposal, Subject, propose
from keyguard.workflows.rotation_runner import drive
from keyguard.workflows.run import ProcessAlive, Run


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may choose.

    `needs`: declares the key's needs anew; NONE for those declared. `ips`: the addresses to keep; None for
    those in use. `manager`: a key's name, "" to search. `force`: go below what was declared as needed or
    seen in use. `window`: how long ago a use still counts.
    """

    needs: Scope = Scope.NONE
    ips: tuple[str, ...] | None = None
    manager: str = ""
    force: bool = False
    window: timedelta = usage.WINDOW


@dataclass(frozen=True, slots=True)
class Outcome:
    """`workflow` is None where nothing was done: there was nothing to do, or the person did not agree."""

    proposal: Proposal
    workflow: Workflow | None


Consent = Callable[[Proposal], bool]
"""Shows a person what will be done; whether they agree."""


def plan(ports: Ports, keys: Sequence[Key], options: Options, *, here: str = "") -> tuple[Proposal, ...]:
    """Say of each key what is too much, from what is stored: no venue is asked and nothing changed.

    Keys without a live version and sign-ins of apps are left out. `here` is this host's name.
    """
    live = ports.inventory.live_versions([key.id for key in keys])
    seen = ports.inventory.last_observations([version.id for version in live.values()])
    known = [key for key in keys if key.id in live and key.kind is not KeyKind.OAUTH]
    used = usage.usages(ports, known, here=here, window=options.window)
    managing, leases = _managing(ports), ports.inventory.running_leases()
    grants = ports.people.grants()
    return tuple(
        propose(
            ports.gateway.adapter(key.venue),
            Subject(
                replace(key, needs=options.needs or key.needs),
                live[key.id],
                seen.get(live[key.id].id),
                used[key.id],
                ports.clock.now(),
                ips=options.ips,
                manager=managing.get((key.venue, key.environment), ""),
                desks=usage.desks(key, grants, ports.clock.now()),
                holders=holders(leases, live[key.id]),
            ),
        )
        for key in known
    )


def _managing(ports: Ports) -> dict[tuple[str, Environment], str]:
    """A key of each venue and environment that manages others there, as it was seen last."""
    every = {key.id: key for key in ports.inventory.keys()}  # noqa: SIM118 - of the port
    live = ports.inventory.live_versions(list(every))
    seen = ports.inventory.last_observations([version.id for version in live.values()])
    found = {}
    for id_, version in live.items():
        if version.id in seen and Scope.MANAGE_KEYS in seen[version.id].report.scopes:
            found[every[id_].venue, every[id_].environment] = id_
    return found


def minimise(
    ports: Ports,
    key_name: str,
    options: Options,
    *,
    actor: Actor,
    process_alive: ProcessAlive,
    consent: Consent,
) -> Outcome:
    """Ask the venue, propose and, with the person's consent, narrow the key; it is observed before and after.

    Raises UsageError `minimise.widening`; unless `force` also `minimise.below_needs` and `minimise.in_use`;
    later as `rotate` does, with the workflow's id in the hint.
    """
    key = ports.inventory.find_key(key_name)
    rotate.refuse_sign_in(key)
    with ports.journal.alone(key.id):
        rotate.refuse_second(ports, key)
        proposal, before = _asked(ports, key, options, actor)
        if proposal.spec is None or not consent(proposal):
            return Outcome(proposal, None)
        if proposal.key != key:
            rotate.declare_needs(ports, key, proposal.key)
        if proposal.fix is not Fix.REISSUE:
            workflow = _open(ports, proposal, before)
            ports.person.tell(f"minimising {key.name}", f"workflow {workflow.id}")
            return Outcome(proposal, drive(Run(ports, workflow, proposal.key, actor, process_alive, False)))
    reissue = rotate.Options(
        reason="scope_change",
        manager=options.manager,
        needs=proposal.key.needs,
        ips=proposal.spec.ips if proposal.spec.ips_told else None,
    )
    done = rotate.rotate(ports, key.id, reissue, actor=actor, process_alive=process_alive)
    return Outcome(proposal, done)


def _asked(ports: Ports, key: Key, options: Options, actor: Actor) -> tuple[Proposal, int]:
    """Observe the key, on record, and propose; with the number of that record: the evidence of before."""
    version = ports.inventory.live_version(key.id)
    last = ports.inventory.last_observation(version.id)
    account = (last.report.account if last else "") or key.account
    manager = _manager(ports, key, version, account, options.manager)
    report = narrowing.look(ports, key, version, manager, account)
    entry = ports.audit.append(key.venue, "key.observe", records.observe(names(ports, key.venue), report))
    if report.ips is None and last is not None and last.report.ips_origin is Origin.DECLARED:
        report = replace(report, ips=last.report.ips, ips_origin=Origin.DECLARED)
    seen = Observation(version.id, ports.clock.now(), report)
    narrowing.keep(ports, version, report)
    used = usage.usages(ports, [key], here=actor.host, window=options.window)[key.id]
    _refuse(key, report, used, options)
    subject = Subject(
        replace(key, needs=options.needs or key.needs),
        version,
        seen,
        used,
        seen.at,
        ips=options.ips,
        manager=manager,
        asked=True,
        desks=usage.desks(key, ports.people.grants(), seen.at),
        holders=holders(ports.inventory.running_leases(), version),
    )
    return propose(ports.gateway.adapter(key.venue), subject), entry.number


def _manager(ports: Ports, key: Key, version: KeyVersion, account: str, named: str) -> str:
    """A key that sees this one in its list; where the venue lists none, the one that was named."""
    adapter = ports.gateway.adapter(key.venue)
    if adapter.edit_key is None:
        return ""
    if adapter.list_keys is None:
        return ports.inventory.find_key(named).id if named else ""
    return managers.choose(ports, key, version, account, named=named, itself=True, attempt=None)


def _refuse(key: Key, report: KeyReport, used: Usage, options: Options) -> None:
    """Raise UsageError where a person's choice would widen, or cut off what is needed or in use."""
    if options.ips is not None and report.ips and not within(options.ips, report.ips):
        raise UsageError(
            f"{key.name} is not open to all of these addresses: minimising never widens",
            code="minimise.widening",
            still="nothing was changed",
            hint=f"it is open to {', '.join(report.ips)}",
        )
    if options.force:
        return
    needed = (key.needs | (used.scopes or Scope.NONE)) if options.needs else Scope.NONE
    if below := needed & ~options.needs & (report.scopes | report.scopes_unknown):
        raise UsageError(
            f"{key.name} is declared to need {', '.join(scope_names(below))}, which would be taken away",
            code="minimise.below_needs",
            still="nothing was changed",
            hint="if it needs that no more: --force",
        )
    chosen = options.ips or ()
    open_now = [one for one in used.addresses if within((one,), report.ips or ())]
    cut = [one for one in open_now if chosen and not within((one,), chosen)]
    if cut:
        raise UsageError(
            f"{key.name} is used from {', '.join(cut)}, which would be closed to it",
            code="minimise.in_use",
            still="nothing was changed",
            hint="if nothing there needs it any more: --force",
        )


def _open(ports: Ports, proposal: Proposal, before: int) -> Workflow:
    """Write the plan into the journal; from here on a crash is resumed, not forgotten."""
    assert proposal.spec is not None
    subject, spec, now = proposal.subject, proposal.spec, ports.clock.now()
    grants = list(subject.seen.report.grants) if subject.seen else []
    chosen = Plan(
        old=subject.version.id,
        manager=subject.manager,
        account=spec.account or proposal.key.account,
        reason="scope_change",
        spec=spec,
        ips_known=spec.ips_told,
    )
    data = {
        "plan": chosen.encode(),
        narrowing.BY_HAND: proposal.fix is Fix.GUIDE,
        narrowing.GRANTS: grants,
        narrowing.BEFORE: before,
    }
    id_ = ports.clock.token(8).hex()
    workflow = Workflow(id_, "minimise", proposal.key.id, State.PLANNED.value, now, now, data)
    ports.journal.open(workflow)
    return workflow
