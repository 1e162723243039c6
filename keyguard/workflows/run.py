"""One run of a journalled workflow: what every step of it needs, and how its state moves on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from keyguard.core.errors import IntegrityError
from keyguard.core.exchange import Adapter, Credential, KeySpec
from keyguard.core.keys import Key, KeyVersion
from keyguard.core.minimisation import MINIMISATION
from keyguard.core.rotation import REVOCATION, ROTATION, Action, Event, Machine, State
from keyguard.ports.all import Ports
from keyguard.ports.journal import Workflow
from keyguard.workflows import credentials, parking, records
from keyguard.workflows.identity import Actor, Names, names
from keyguard.workflows.operations import Journalled
from keyguard.workflows.parking import paused
from keyguard.workflows.plan import Plan, decode

ProcessAlive = Callable[[int, str], bool]
"""Whether the process of this pid and start time (clock ticks, as text) still runs."""

MACHINES = {"rotate": ROTATION, "revoke": REVOCATION, "minimise": MINIMISATION}

BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Waits while a change propagates at a venue; where none is documented half a minute covers those seen."""


@dataclass(slots=True)
class Run:
    """A workflow in motion. `resumed`: an earlier process may have done part of the next action.

    `patient` False: no wait for a change to propagate; what does not show at once is not proven.
    `lists` False: the account's keys are not listed for the record at the end, where many workflows would.
    `named`: what the venue's records call things, where that was read already.
    """

    ports: Ports
    workflow: Workflow
    key: Key
    actor: Actor
    process_alive: ProcessAlive
    resumed: bool
    patient: bool = True
    lists: bool = True
    named: Names | None = None
    plan: Plan = field(init=False)
    names: Names = field(init=False)

    def __post_init__(self) -> None:
        self.plan = decode(self.workflow.data["plan"])
        self.names = self.named or names(self.ports, self.key.venue)

    @property
    def machine(self) -> Machine:
        """The table this kind of workflow follows."""
        return MACHINES[self.workflow.kind]

    @property
    def state(self) -> State:
        """Where it stands."""
        return State(self.workflow.state)

    @property
    def adapter(self) -> Adapter:
        """The venue's adapter."""
        return self.ports.gateway.adapter(self.key.venue)

    @property
    def waits(self) -> tuple[float, ...]:
        """Seconds between looks at a change: together no less than the venue says it may take to count."""
        if not self.patient:
            return ()
        missing = self.adapter.facts.propagation.total_seconds() - sum(BACKOFF_S)
        return BACKOFF_S + (BACKOFF_S[-1],) * max(0, ceil(missing / BACKOFF_S[-1]))

    @property
    def guided(self) -> bool:
        """Whether a person creates and revokes at the venue's page."""
        return not self.plan.manager

    @property
    def spec(self) -> KeySpec:
        """What the new key must be."""
        if self.plan.spec is None:
            raise IntegrityError("a revocation makes no key", code="workflow.impossible")
        return self.plan.spec

    def operation(self, name: str) -> Journalled:
        """The journal of one operation at the venue."""
        return Journalled(self.ports, self.workflow.id, name, self.key.venue)

    def advance(self, event: Event, **data: Any) -> Action:
        """Journal the next state, with what is to be remembered, and return the next action."""
        state, action = self.machine.step(self.state, event)
        workflow = replace(
            self.workflow,
            state=state.value,
            data={k: v for k, v in {**parking.without(self.workflow.data), **data}.items() if v is not None},
            updated_at=self.ports.clock.now(),
            finished=action is Action.NOTHING,
        )
        self.ports.journal.advance(workflow)
        self.workflow = workflow
        return action

    def remember(self, **data: Any) -> None:
        """Journal more data where the workflow stands; None for what is over."""
        kept = {name: value for name, value in {**self.workflow.data, **data}.items() if value is not None}
        self.workflow = replace(self.workflow, data=kept, updated_at=self.ports.clock.now())
        self.ports.journal.advance(self.workflow)

    def record(self, type_: str, body: dict[str, Any], *same: str) -> None:
        """Append an audit record; after a crash only if it is not there yet (equal under `same`)."""
        if self.resumed:
            records.append_once(self.ports, self.key.venue, type_, body, same)
        else:
            self.ports.audit.append(self.key.venue, type_, body)

    def old_version(self) -> KeyVersion:
        """The version to end."""
        return self._version(self.plan.old)

    def new_version(self) -> KeyVersion:
        """The version that replaces it, once stored."""
        return self._version(self.workflow.data["new"]["id"])

    def manager_credential(self) -> Credential:
        """What signs management calls: the live version of the managing key.

        A key that manages itself is followed by its replacement from the switch on; where there is none,
        it ends itself.
        """
        if self.plan.manager == self.key.id and self.plan.spec is None:
            return credentials.load(self.ports, self.old_version())
        version = self.ports.inventory.live_version(self.plan.manager)
        return credentials.load(self.ports, version)

    def by(self) -> str:
        """The pseudonym of who runs this."""
        return self.names.person(self.actor.user)

    def demand_going_on(self) -> None:
        """Raise UsageError `workflow.paused` where a person has paused it, and what ends this process.

        Called where nothing is under way: between two steps, and while waiting.
        """
        if self.ports.ending is not None:
            self.ports.ending()
        if pause := self.ports.journal.pauses().get(self.workflow.id):
            raise paused(self.workflow.id, pause)

    def tell(self, step: str, detail: str = "") -> None:
        """Show progress."""
        self.ports.person.tell(step, detail)

    def _version(self, version_id: str) -> KeyVersion:
        for version in self.ports.inventory.versions(self.key.id):
            if version.id == version_id:
                return version
        raise IntegrityError(
            "the journal names a key version the inventory does not have", code="workflow.version"
        )
