"""The state machines of rotation and revocation: (state, event) -> (state, next action). Pure.

planned → creating → created → stored → proven → switched → drained → revoking → revoked → buried

Up to and including `proven` a rotation can be aborted: the new key is cleaned up (`aborting`) and the old
one was never touched. From `switched` on the only way is forward, because consumers hold the new key.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from keyguard.core.errors import IntegrityError


class State(enum.Enum):
    """Where a workflow stands; written to the journal."""

    PLANNED = "planned"
    CREATING = "creating"  # a new key may exist at the venue
    CREATED = "created"  # its credential is sealed in the journal
    STORED = "stored"  # in the secret store, read back equal
    PROVEN = "proven"  # the venue answered it, with exactly the scopes and addresses asked for
    SWITCHED = "switched"  # hand-outs give the new key
    DRAINED = "drained"  # nobody uses the old one, or the overlap has passed
    REVOKING = "revoking"  # the old key may be gone
    REVOKED = "revoked"  # the venue was told; not proven yet
    BURIED = "buried"  # the old key is proven dead
    EDITING = "editing"  # the key may have been narrowed
    EDITED = "edited"  # the venue or a person said it was; not seen yet
    OBSERVED = "observed"  # the venue reports the key as it was to be
    ABORTING = "aborting"  # the new key is being cleaned up
    ABORTED = "aborted"


class Event(enum.Enum):
    """What happened."""

    BEGUN = "begun"
    CREATED = "created"
    STORED = "stored"
    PROVEN = "proven"
    SWITCHED = "switched"
    DRAINED = "drained"
    ANNOUNCED = "announced"
    REVOKED = "revoked"
    BURIED = "buried"
    CLOSED = "closed"
    ABORT = "abort"
    CLEANED = "cleaned"
    EDITED = "edited"
    OBSERVED = "observed"


class Action(enum.Enum):
    """What to do next. Each can be repeated after a crash; `NOTHING` ends the workflow."""

    BEGIN = "begin"
    CREATE = "create"
    STORE = "store"
    PROVE = "prove"
    SWITCH = "switch"
    DRAIN = "drain"
    ANNOUNCE = "announce"
    REVOKE = "revoke"
    BURY = "bury"
    CLOSE = "close"
    CLEAN_UP = "clean_up"
    EDIT = "edit"
    OBSERVE = "observe"
    LEAVE = "leave"
    NOTHING = "nothing"


Table = Mapping[tuple[State, Event], tuple[State, Action]]


@dataclass(frozen=True, slots=True)
class Machine:
    """A total table: a pair that is not in it cannot happen. `first` is the action of `planned`."""

    first: Action
    table: Table

    def step(self, state: State, event: Event) -> tuple[State, Action]:
        """Return the next state and action; IntegrityError for a pair that cannot happen."""
        try:
            return self.table[state, event]
        except KeyError:
            raise IntegrityError(
                f"a workflow that is {state.value} cannot be {event.value}", code="workflow.impossible"
            ) from None

    def next_action(self, state: State) -> Action:
        """Return what an unfinished workflow found in this state does next."""
        if state is State.PLANNED:
            return self.first
        for reached, action in self.table.values():
            if reached is state:
                return action
        raise IntegrityError(f"no such state in this workflow: {state.value}", code="workflow.impossible")

    def can_abort(self, state: State) -> bool:
        """Whether nothing of the old key was touched yet."""
        return (state, Event.ABORT) in self.table


_BURIAL: Table = {
    (State.REVOKING, Event.REVOKED): (State.REVOKED, Action.BURY),
    (State.REVOKED, Event.BURIED): (State.BURIED, Action.CLOSE),
    (State.BURIED, Event.CLOSED): (State.BURIED, Action.NOTHING),
}

ROTATION = Machine(
    Action.BEGIN,
    {
        (State.PLANNED, Event.BEGUN): (State.CREATING, Action.CREATE),
        (State.CREATING, Event.CREATED): (State.CREATED, Action.STORE),
        (State.CREATED, Event.STORED): (State.STORED, Action.PROVE),
        (State.STORED, Event.PROVEN): (State.PROVEN, Action.SWITCH),
        (State.PROVEN, Event.SWITCHED): (State.SWITCHED, Action.DRAIN),
        (State.SWITCHED, Event.DRAINED): (State.DRAINED, Action.ANNOUNCE),
        (State.DRAINED, Event.ANNOUNCED): (State.REVOKING, Action.REVOKE),
        **_BURIAL,
        (State.PLANNED, Event.ABORT): (State.ABORTING, Action.CLEAN_UP),
        (State.CREATING, Event.ABORT): (State.ABORTING, Action.CLEAN_UP),
        (State.CREATED, Event.ABORT): (State.ABORTING, Action.CLEAN_UP),
        (State.STORED, Event.ABORT): (State.ABORTING, Action.CLEAN_UP),
        (State.PROVEN, Event.ABORT): (State.ABORTING, Action.CLEAN_UP),
        (State.ABORTING, Event.CLEANED): (State.ABORTED, Action.NOTHING),
    },
)

REVOCATION = Machine(
    Action.ANNOUNCE,
    {
        (State.PLANNED, Event.ANNOUNCED): (State.REVOKING, Action.REVOKE),
        **_BURIAL,
        (State.PLANNED, Event.ABORT): (State.ABORTED, Action.NOTHING),
    },
)
