"""The table itself: no way past the promises, and always a way to an end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.errors import IntegrityError
from keyguard.core.rotation import REVOCATION, ROTATION, Action, Event, Machine, State

ENDS = {State.BURIED, State.ABORTED}


@given(st.data())
def test_no_path_revokes_before_the_new_key_is_stored_and_proven(data):
    """Promise 3, over every walk the table allows."""
    state, did = State.PLANNED, []
    for _ in range(data.draw(st.integers(0, 14))):
        choices = sorted((e for s, e in ROTATION.table if s is state), key=lambda e: e.value)
        if not choices:
            break
        state, action = ROTATION.step(state, data.draw(st.sampled_from(choices)))
        did.append(action)
        if action is Action.REVOKE:
            before = did[: did.index(Action.REVOKE)]
            wanted = [Action.CREATE, Action.STORE, Action.PROVE, Action.SWITCH, Action.DRAIN, Action.ANNOUNCE]
            assert before == wanted
        if action is Action.CLEAN_UP:
            assert Action.SWITCH not in did or state is State.ABORTING


@pytest.mark.parametrize("machine", [ROTATION, REVOCATION])
def test_every_reachable_state_leads_to_an_end(machine):
    reached = {State.PLANNED} | {state for state, _ in machine.table.values()}
    good = set(ENDS)
    for _ in State:
        good |= {s for (s, _), (target, _) in machine.table.items() if target in good}
    assert reached <= good


@given(st.sampled_from(list(State)), st.sampled_from(list(Event)), st.sampled_from([ROTATION, REVOCATION]))
def test_impossible_pairs_raise(state, event, machine):
    if (state, event) in machine.table:
        assert machine.step(state, event) == machine.table[state, event]
    else:
        with pytest.raises(IntegrityError, match=f"{state.value} cannot be {event.value}"):
            machine.step(state, event)


@pytest.mark.parametrize("machine", [ROTATION, REVOCATION])
def test_a_state_found_after_a_crash_continues_with_the_action_it_was_entered_with(machine):
    for (_, event), (state, action) in machine.table.items():
        if event is not Event.CLOSED:
            assert machine.next_action(state) is action
    assert machine.next_action(State.PLANNED) is machine.first


def test_a_state_of_another_machine_is_refused():
    with pytest.raises(IntegrityError):
        REVOCATION.next_action(State.STORED)


def test_abort_only_before_the_switch():
    can = {s for s in State if ROTATION.can_abort(s)}
    assert can == {State.PLANNED, State.CREATING, State.CREATED, State.STORED, State.PROVEN}
    assert {s for s in State if REVOCATION.can_abort(s)} == {State.PLANNED}


def test_machines_are_data():
    assert isinstance(ROTATION, Machine)
    assert ROTATION.step(State.PLANNED, Event.BEGUN) == (State.CREATING, Action.CREATE)
