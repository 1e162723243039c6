"""Panic: end many keys at all their venues at once; say what is dead, what is not, what to do by hand.

1. Nobody is handed any of the keys from here on: one transaction, before the first venue is asked.
   Where a person asked for it, open orders are cancelled first, for a short time (`cancel_orders.py`).
2. Each key gets a revocation workflow of its own, worst first at each venue, venues beside each other. All
   are revoked before any is proven. A key that manages others comes last at its venue, since it ends them;
   before it does, the venue is asked once whether the others are dead, for it is the witness.
3. Each is proven dead as after any revocation. What is not at the end is resumed like any workflow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from keyguard.core.danger import rank
from keyguard.core.errors import KeyguardError, Refused, StoreError, UsageError
from keyguard.core.exchange import Guide, KeyReport
from keyguard.core.keys import Environment, Key, KeyVersion, Scope, VersionStatus
from keyguard.core.rotation import Event, State
from keyguard.core.slots import FIRM
from keyguard.ports.all import Ports
from keyguard.ports.journal import Workflow
from keyguard.workflows import cancel_orders, managers, offboard, venue_keys
from keyguard.workflows.cancel_orders import Cancellation, Holder
from keyguard.workflows.identity import Actor, Names, names
from keyguard.workflows.lanes import InTurn, Lane, together
from keyguard.workflows.operations import signed
from keyguard.workflows.plan import REASONS, Plan
from keyguard.workflows.rights import key_scopes
from keyguard.workflows.rotate import open_workflow, refuse_sign_in
from keyguard.workflows.rotation_runner import drive
from keyguard.workflows.run import ProcessAlive, Run


@dataclass(slots=True)
class Target:
    """A key that is to die, and what became of it.

    `version` is the one to end; `manages`: it may end other keys of its venue. Instants are UTC, None while
    it has not happened. `guide`: what a person does at the venue where its API ended nothing. `error`: why
    it is not revoked, or not proven dead.
    """

    key: Key
    version: KeyVersion
    scopes: Scope | None
    manages: bool
    workflow: Workflow | None = None
    revoked_at: datetime | None = None
    proven_at: datetime | None = None
    inferred: bool = False
    guide: Guide | None = None
    error: KeyguardError | None = None
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a panic; `targets` are worst first. `frozen_at`: since when nobody is handed a key.
    `cancellations`: of open orders, where that was asked for."""

    begun_at: datetime
    frozen_at: datetime
    targets: tuple[Target, ...]
    cancellations: tuple[Cancellation, ...] = ()

    @property
    def dead(self) -> tuple[Target, ...]:
        """Those proven dead."""
        return tuple(one for one in self.targets if one.proven_at is not None)

    @property
    def unproven(self) -> tuple[Target, ...]:
        """Those the venue was told to end, without proof that it did."""
        return tuple(one for one in self.targets if one.revoked_at is not None and one.proven_at is None)

    @property
    def alive(self) -> tuple[Target, ...]:
        """Those that live as far as we know: for a person to end, now."""
        return tuple(one for one in self.targets if one.revoked_at is None)


def targets(ports: Ports, *, desk: str = "", venue: str = "", person: str = "") -> tuple[Target, ...]:
    """The keys that are not dead: of a desk, at a venue, what a person could reach or did touch; else all.

    Worst first: real money before play money, then by what the key can do. UsageError `panic.none` where
    nothing is left to end, `person.unknown`.
    """
    keys: Iterable[Key] = ports.inventory.keys()
    if person:
        keys = [one.key for one in offboard.plan(ports, person).keys]
    chosen = [key for key in keys if desk in ("", key.desk) and venue in ("", key.venue)]
    found = [one for key in chosen if (one := _target(ports, key)) is not None]
    if not found:
        raise UsageError("no such key lives, as far as keyguard knows", code="panic.none")
    return tuple(sorted(found, key=_worst_first))


def _target(ports: Ports, key: Key) -> Target | None:
    alive = [v for v in ports.inventory.versions(key.id) if v.status is not VersionStatus.DEAD]
    if not alive:
        return None
    scopes = key_scopes(ports, key, alive[-1])
    return Target(key, alive[-1], scopes, scopes is not None and Scope.MANAGE_KEYS in scopes)


def _worst_first(one: Target) -> tuple[object, ...]:
    return (one.key.environment is not Environment.LIVE, rank(one.scopes), one.key.name)


def cancellations(ports: Ports, chosen: Iterable[Target]) -> tuple[Cancellation, ...]:
    """What cancelling open orders with these keys would reach; those that cannot be by API say why."""
    by_venue: dict[str, list[Holder]] = {}
    for one in chosen:
        seen = ports.inventory.last_observation(one.version.id)
        account = (seen.report.account if seen else "") or one.key.account
        by_venue.setdefault(one.key.venue, []).append(Holder(one.key, one.version, one.scopes, account))
    planned = (cancel_orders.plan(ports, venue, holders) for venue, holders in by_venue.items())
    return tuple(one for of_venue in planned for one in of_venue)


def panic(
    ports: Ports,
    chosen: Sequence[Target],
    *,
    scope: str,
    reason: str,
    actor: Actor,
    process_alive: ProcessAlive,
    named: Sequence[Key] = (),
    emergency: Ports | None = None,
    cancel: bool = False,
    bound_s: float = cancel_orders.BOUND_S,
) -> Outcome:
    """End the keys; returns when each is proven dead, or known not to be. `scope`: which, in words.

    What keeps one key alive keeps no other waiting: it stands in the outcome. `named`: keys that manage
    others, for venues that do not tell which do. `emergency`: the ports to use
    where the database takes nothing, which write to a file instead. `cancel`: cancel open orders first, which
    keeps no revocation waiting for longer than `bound_s`. Raises UsageError for an unknown
    reason, StoreError where neither database nor file takes the records: then nothing was done.
    """
    if reason not in REASONS:
        raise UsageError(f"no such reason: {reason}", code="reason", hint="one of " + ", ".join(REASONS))
    begun = ports.clock.now()
    managing = {key.id for key in named}
    for one in chosen:
        one.manages |= one.key.id in managing
    ports = replace(ports, person=InTurn(ports.person))
    planned = cancellations(ports, chosen) if cancel else ()

    def announced(ports: Ports) -> tuple[_Venue, ...]:
        made = partial(_Venue, ports, reason, actor, process_alive, named, bound_s=bound_s)
        return _announced(ports, chosen, planned, made, {"scope": scope, "reason": reason})

    try:
        venues = announced(ports)
    except StoreError as error:
        if emergency is None:
            raise
        for one in chosen:
            one.workflow = one.run = one.error = None
        ports = replace(emergency, person=ports.person)
        ports.person.tell("everything is written to an emergency file", error.message)
        venues = announced(ports)
    frozen = ports.clock.now()
    ports.person.tell(f"nobody is handed any of {len(chosen)} keys any more")
    together(venue.lane() for venue in venues)
    return Outcome(begun, frozen, tuple(chosen), planned)


def _announced(
    ports: Ports,
    chosen: Sequence[Target],
    planned: Sequence[Cancellation],
    made: Callable[[], _Venue],
    body: dict[str, object],
) -> tuple[_Venue, ...]:
    """Write down all that is about to happen, and end the hand-outs: one commit for all keys.

    Each revocation is announced, which ends the key's hand-outs; those of keys that manage others end with
    their own revocation, for they are needed until then.
    """
    open_already = {one.key_id: one for one in ports.journal.workflows(unfinished=True)}
    venues: dict[str, _Venue] = {}
    for one in chosen:
        one.workflow = open_already.get(one.key.id)
        venue = venues.setdefault(one.key.venue, made())
        (venue.managing if one.manages else venue.others).append(one)
    for order in planned:
        venues[order.venue].planned.append(order)
    for name, venue in venues.items():
        venue.names = names(ports, name)  # which makes them, where they were never needed
    with ports.inventory.transaction():
        ports.audit.append(FIRM, "panic.begin", {**body, "keys": len(chosen)})
        for venue in venues.values():
            venue.announce()
    return tuple(venues.values())


@dataclass(slots=True)
class _Venue:
    """The keys of one venue."""

    ports: Ports
    reason: str
    actor: Actor
    process_alive: ProcessAlive
    named: Sequence[Key]
    others: list[Target] = field(default_factory=list)
    managing: list[Target] = field(default_factory=list)
    planned: list[Cancellation] = field(default_factory=list)
    bound_s: float = cancel_orders.BOUND_S
    names: Names | None = None
    _may_manage: dict[Environment, list[Key]] = field(default_factory=dict)

    @property
    def every(self) -> list[Target]:
        return [*self.others, *self.managing]

    def lane(self) -> Lane:
        """All of it, one call after the other: most are made with the one key that manages the others."""
        if self.planned:
            yield self._cancel
        for one in self.others:
            yield from self._tried(one, self._revoke)
        if self.managing:
            for one in self.others:
                yield from self._tried(one, partial(self._prove, patient=False))
        for one in self.managing:
            yield from self._tried(one, self._revoke)
        for one in self.every:
            yield from self._tried(one, partial(self._prove, patient=True))

    def _cancel(self) -> None:
        """Cancel open orders; nothing that goes wrong there keeps a key alive."""
        assert self.names is not None
        try:
            cancel_orders.cancel(self.ports, self.planned, self.names, bound_s=self.bound_s)
        except KeyguardError as error:
            self.ports.person.tell("what came of cancelling open orders is not recorded", error.message)

    def announce(self) -> None:
        """Open the revocations of all but those that manage keys; StoreError where that cannot be written."""
        if self.planned and self.names is not None:
            cancel_orders.announce(
                self.ports, self.planned, self.names, reason=self.reason, person=self.actor.user
            )
        for one in self.others:
            try:
                self._announce(one)
            except StoreError:
                raise
            except KeyguardError as error:
                one.error = error

    def _announce(self, one: Target) -> Run:
        refuse_sign_in(one.key)
        one.run = self._run(one)
        if one.run.state is State.PLANNED:
            drive(one.run, until=State.REVOKING)
        return one.run

    def _tried(self, one: Target, step: Callable[[Target], None]) -> Lane:
        """Run a step of this key in a thread; why it failed is kept with the key."""
        try:
            yield partial(step, one)
        except KeyguardError as error:
            one.error = error

    def _revoke(self, one: Target) -> None:
        """Up to the venue's word that it is done; where a person has to do it, up to the page."""
        if one.error is not None:
            self.ports.person.tell(f"{one.key.name} is not revoked", one.error.message)
            return
        try:
            with self.ports.journal.alone(one.key.id):
                self._end(one, one.run or self._announce(one))
        except KeyguardError as error:
            self.ports.person.tell(f"{one.key.name} is not revoked", error.message)
            raise

    def _end(self, one: Target, run: Run) -> None:
        if run.state is State.REVOKING and not self._ended_at_once(one, run) and not run.guided:
            drive(run, until=State.REVOKED)
        if run.guided:
            self._left_to_a_person(one, run)
            return
        one.revoked_at = self.ports.clock.now()
        self.ports.person.tell(f"{one.key.name} is revoked")

    def _manager(self, key: Key) -> str:
        """The key that may end this one, as last observed; itself where no other may. "" for a person."""
        if not venue_keys.can_end(self.ports.gateway.adapter(key.venue)):
            return ""
        if key.environment not in self._may_manage:
            place = (key.venue, key.environment)
            named = [one for one in self.named if (one.venue, one.environment) == place]
            self._may_manage[key.environment] = named or managers.candidates(self.ports, key, itself=True)
        may = sorted(self._may_manage[key.environment], key=lambda one: one.id == key.id)
        return may[0].id if may else ""

    def _ended_at_once(self, one: Target, run: Run) -> bool:
        """Have the key ended by what is known of it, without the list that is asked for at leisure.

        Where the venue does not do exactly that, its list tells which key manages this one and what is to be
        ended; False then, and where a person has to.
        """
        if run.guided or run.resumed:
            return False
        seen = self.ports.inventory.last_observation(one.version.id)
        known = seen.report if seen is not None else KeyReport(one.version.public_id)
        ref = known.ref or one.version.venue_ref
        operation = run.operation(venue_keys.END)
        ending = venue_keys.ending(run.adapter, replace(known, ref=ref, account=run.plan.account))
        try:
            who = run.manager_credential()
            operation.perform(ending, signed(run.ports, run.key.venue, who))
        except (Refused, UsageError):
            operation.forget()
            return self._ended_by_the_list(one, run)
        run.advance(Event.REVOKED)
        return True

    def _ended_by_the_list(self, one: Target, run: Run) -> bool:
        """Have the key ended as its manager's list names it; where that is without it, look for another
        manager, and leave the rest to the ordinary way."""
        try:
            entry = venue_keys.find(venue_keys.managed(run), one.version.public_id)
            if entry is not None:
                venue_keys.end(run, entry, run.manager_credential())
                run.advance(Event.REVOKED)
                return True
        except (Refused, UsageError):
            pass  # it manages another account
        self._find_manager(one, run)
        return False

    def _find_manager(self, one: Target, run: Run) -> None:
        account = run.plan.account
        found = managers.choose(self.ports, one.key, one.version, account, named="", itself=True)
        run.plan = replace(run.plan, manager=found)
        now = self.ports.clock.now()
        run.workflow = replace(
            run.workflow, data={**run.workflow.data, "plan": run.plan.encode()}, updated_at=now
        )
        self.ports.journal.advance(run.workflow)

    def _left_to_a_person(self, one: Target, run: Run) -> None:
        ref = one.version.venue_ref or one.version.public_id
        one.guide = run.adapter.guide_delete(
            KeyReport(one.version.public_id, ref=ref, account=run.plan.account)
        )
        self.ports.person.tell(f"{one.key.name} is not revoked", "only a person can")

    def _quiet(self) -> Ports:
        return replace(self.ports, person=InTurn(self.ports.person, tells=False))

    def _run(self, one: Target) -> Run:
        """The revocation that is under way already, or a new one."""
        resumed = one.workflow is not None
        if one.workflow is None:
            one.workflow = self._opened(one)
        elif one.workflow.kind != "revoke":
            raise UsageError(
                f"{one.key.name} has an unfinished workflow ({one.workflow.kind}, {one.workflow.state})",
                code="workflow.open",
                hint=f"keyguard workflow resume {one.workflow.id}",
            )
        return Run(
            self._quiet(),
            one.workflow,
            one.key,
            self.actor,
            self.process_alive,
            resumed,
            lists=False,
            named=self.names,
        )

    def _opened(self, one: Target) -> Workflow:
        seen = self.ports.inventory.last_observation(one.version.id)
        account = (seen.report.account if seen else "") or one.key.account
        plan = Plan(old=one.version.id, manager=self._manager(one.key), account=account, reason=self.reason)
        return open_workflow(self.ports, "revoke", one.key, plan, self.ports.clock.token(8).hex())

    def _prove(self, one: Target, *, patient: bool) -> None:
        if one.run is None or one.revoked_at is None or one.proven_at is not None:
            return
        one.error, one.run.patient = None, patient
        with self.ports.journal.alone(one.key.id):
            done = drive(one.run)
        one.proven_at = self.ports.clock.now()
        one.inferred = done.data["proof"]["method"].startswith("inferred")
        shown = "taken for dead" if one.inferred else "proven dead"
        self.ports.person.tell(f"{one.key.name} is {shown}")
