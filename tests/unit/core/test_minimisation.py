"""The machine of a minimisation, over all orders of events."""

from __future__ import annotations

from itertools import product

import pytest

from keyguard.core.errors import IntegrityError
from keyguard.core.minimisation import MINIMISATION
from keyguard.core.rotation import Action, Event, State

EVENTS = (Event.BEGUN, Event.EDITED, Event.OBSERVED, Event.ABORT, Event.CLEANED)


def test_every_order_of_events():
    """What is observed was edited; every end is an end, and every state knows what it does next."""
    ends = set()
    for events in product(EVENTS, repeat=6):
        state, seen = State.PLANNED, [State.PLANNED]
        for event in events:
            try:
                state, action = MINIMISATION.step(state, event)
            except IntegrityError:
                continue
            seen.append(state)
            assert MINIMISATION.next_action(state) is action
        if State.OBSERVED in seen:
            assert seen.index(State.EDITING) < seen.index(State.EDITED) < seen.index(State.OBSERVED)
            assert seen[-1] is State.OBSERVED, "nothing comes after the end"
        ends.add(state)
    assert {State.OBSERVED, State.ABORTED} <= ends


def test_it_begins_and_can_be_given_up_anywhere_before_its_end():
    assert MINIMISATION.next_action(State.PLANNED) is Action.BEGIN
    for state in (State.PLANNED, State.EDITING, State.EDITED):
        assert MINIMISATION.can_abort(state)
    assert not MINIMISATION.can_abort(State.OBSERVED)
    with pytest.raises(IntegrityError):
        MINIMISATION.next_action(State.CREATING)
