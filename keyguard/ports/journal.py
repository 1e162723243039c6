"""What a workflow is about to do at a venue, and what came of it. Written before each effect."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from keyguard.core.exchange import Effect, Reply


@dataclass(frozen=True, slots=True)
class Workflow:
    """One journalled workflow. `state` is a state of its machine; `data` is JSON without secrets."""

    id: str
    kind: str  # rotate, revoke …
    key_id: str
    state: str
    opened_at: datetime
    updated_at: datetime
    data: dict[str, Any] = field(default_factory=dict)
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One request of an operation as journalled: `seq` counts from 0 within (workflow, operation).

    `reply` None: sent or about to be, outcome unknown. It may hold the only copy of a new secret: the
    store keeps it sealed (AEAD, key in the secret store).
    """

    workflow_id: str
    operation: str
    seq: int
    method: str
    path: str
    effect: Effect
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A person's word that nobody drives a workflow. `by`: the OS user; `since` is UTC."""

    since: datetime
    by: str
    reason: str


EVERYTHING = ""
"""In place of a workflow's id: nothing is begun or taken up without a person."""


class Journal(Protocol):
    """Every method commits before it returns; all raise StoreError (exit 3)."""

    def alone(self, key_id: str) -> AbstractContextManager[None]:
        """Hold while a workflow of this key is driven; UsageError `workflow.busy` where somebody else does.

        It ends with the process that holds it, however that ends. Two that drive one workflow would undo
        each other: the one would take the other's new key for a leftover, or write an older state.
        """
        ...

    def open(self, workflow: Workflow) -> None:
        """Begin; UsageError `workflow.open` if this key has an unfinished workflow already."""
        ...

    def advance(self, workflow: Workflow) -> None:
        """Write state, data, updated_at and finished."""
        ...

    def workflow(self, workflow_id: str) -> Workflow:
        """By id or an unambiguous beginning of it; UsageError `workflow.unknown`."""
        ...

    def workflows(self, *, unfinished: bool = False) -> tuple[Workflow, ...]:
        """All, oldest first."""
        ...

    def intend(self, call: Call) -> None:
        """Note a call before its request leaves."""
        ...

    def answered(self, call: Call) -> None:
        """Seal its reply into the journal."""
        ...

    def calls(self, workflow_id: str, operation: str) -> tuple[Call, ...]:
        """The calls of one operation, in order, replies opened. IntegrityError if one does not open."""
        ...

    def forget_calls(self, workflow_id: str, operation: str) -> None:
        """Remove an operation's calls, once what they brought is stored and read back."""
        ...

    def pause(self, workflow_id: str, pause: Pause) -> None:
        """Keep a workflow (or EVERYTHING) from being driven until `unpause`; the first pause stays."""
        ...

    def unpause(self, workflow_id: str) -> None:
        """Let it be driven again; fine where it was not paused."""
        ...

    def pauses(self) -> Mapping[str, Pause]:
        """All pauses, by workflow id or EVERYTHING."""
        ...
