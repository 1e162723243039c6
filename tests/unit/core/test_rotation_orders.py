"""Every order of events up to length 8, of both machines: 12^1 + … + 12^8 orders, none left out.

An event that cannot happen leaves the state as it was, so orders that did the same so far are walked together
and counted: the count shows that all of them were.
"""

from __future__ import annotations

from collections import Counter

import pytest

from keyguard.core.errors import IntegrityError
from keyguard.core.rotation import REVOCATION, ROTATION, Action, Event, Machine, State

LONGEST = 8
TO_PROOF = (Event.BEGUN, Event.CREATED, Event.STORED, Event.PROVEN)
TO_REVOCATION = (*TO_PROOF, Event.SWITCHED, Event.DRAINED, Event.ANNOUNCED)
ENDS = {State.BURIED, State.ABORTED}
TOUCHED = {State.REVOKING, State.REVOKED, State.BURIED}
Walk = tuple[State, Action, tuple[Event, ...]]


def stepped(machine: Machine, walk: Walk, event: Event) -> Walk:
    state, _, did = walk
    try:
        reached, action = machine.step(state, event)
    except IntegrityError:
        return walk
    return reached, action, (*did, event)


def orders(machine: Machine) -> list[Counter[Walk]]:
    """By length: where its orders lead and what they did, with how many orders do the same."""
    rows: list[Counter[Walk]] = [Counter({(State.PLANNED, machine.first, ()): 1})]
    for _ in range(LONGEST):
        row: Counter[Walk] = Counter()
        for walk, count in rows[-1].items():
            for event in Event:
                row[stepped(machine, walk, event)] += count
        rows.append(row)
    return rows


@pytest.mark.parametrize("machine", [ROTATION, REVOCATION], ids=["rotation", "revocation"])
def test_all_orders_are_walked(machine: Machine) -> None:
    assert [sum(row.values()) for row in orders(machine)] == [len(Event) ** n for n in range(LONGEST + 1)]


def test_no_order_touches_the_old_key_before_the_new_one_is_proven_and_in_use() -> None:
    for row in orders(ROTATION):
        for state, action, did in row:
            if state in TOUCHED or action in (Action.REVOKE, Action.BURY):
                assert did[: len(TO_REVOCATION)] == TO_REVOCATION
            if state in (State.SWITCHED, State.DRAINED):
                assert did[: len(TO_PROOF)] == TO_PROOF


def test_no_order_gives_up_once_the_new_key_is_in_use_or_goes_on_once_it_gave_up() -> None:
    for row in orders(ROTATION):
        for state, _, did in row:
            assert not ({Event.ABORT, Event.SWITCHED} <= set(did))
            if Event.ABORT in did:
                assert state in (State.ABORTING, State.ABORTED)


def test_no_order_of_a_revocation_skips_its_record() -> None:
    for row in orders(REVOCATION):
        for state, _, did in row:
            assert state in (State.PLANNED, State.ABORTED) or did[0] is Event.ANNOUNCED


@pytest.mark.parametrize("machine", [ROTATION, REVOCATION], ids=["rotation", "revocation"])
def test_after_every_order_a_restart_goes_on_with_the_same_action(machine: Machine) -> None:
    for row in orders(machine):
        for state, action, _ in row:
            if action is not Action.NOTHING:
                assert machine.next_action(state) is action
            else:
                assert state in ENDS


@pytest.mark.parametrize("machine", [ROTATION, REVOCATION], ids=["rotation", "revocation"])
def test_the_actions_own_events_lead_to_an_end_after_every_order(machine: Machine) -> None:
    """What each action brings about when it succeeds is never impossible."""
    brings = {
        Action.BEGIN: Event.BEGUN,
        Action.CREATE: Event.CREATED,
        Action.STORE: Event.STORED,
        Action.PROVE: Event.PROVEN,
        Action.SWITCH: Event.SWITCHED,
        Action.DRAIN: Event.DRAINED,
        Action.ANNOUNCE: Event.ANNOUNCED,
        Action.REVOKE: Event.REVOKED,
        Action.BURY: Event.BURIED,
        Action.CLOSE: Event.CLOSED,
        Action.CLEAN_UP: Event.CLEANED,
    }
    for state, action, _ in {walk for row in orders(machine) for walk in row}:
        while action is not Action.NOTHING:
            state, action = machine.step(state, brings[action])
        assert state in ENDS
