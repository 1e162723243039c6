"""The states of a workflow as a track: those behind it, the one it is in, those to come."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from keyguard.core.rotation import Event, State
from keyguard.workflows.run import MACHINES

if TYPE_CHECKING:
    from keyguard.ports.journal import Workflow
    from keyguard.tui.words import Words

BEHIND, HERE, AHEAD, OFF = "●", "◉", "○", "×"
_OFF_TRACK = frozenset({State.ABORTING, State.ABORTED})


@cache
def way(kind: str) -> tuple[State, ...]:
    """The states of this kind of workflow in their order, without giving up; () for one without a machine."""
    if kind not in MACHINES:
        return ()
    table, found = MACHINES[kind].table, [State.PLANNED]
    while True:
        after = [
            state
            for (before, event), (state, _) in table.items()
            if before is found[-1]
            and event is not Event.ABORT
            and state not in found
            and state not in _OFF_TRACK
        ]
        if not after:
            return tuple(found)
        found.append(after[0])


def dots(workflow: Workflow) -> str:
    """A sign for each state; what was given up is crossed out."""
    states = way(workflow.kind)
    at = _at(workflow)
    if at < 0:
        return OFF * max(len(states), 1)
    if workflow.finished:
        return BEHIND * len(states)
    return BEHIND * at + HERE + AHEAD * (len(states) - at - 1)


def spelled(say: Words, workflow: Workflow) -> str:
    """The states in words, the one it is in between brackets."""
    at = _at(workflow)
    parts = []
    for index, state in enumerate(way(workflow.kind)):
        word = say(f"rotations.state_{state.value}")
        behind = workflow.finished or index < at
        parts.append(
            f"{BEHIND} {word}"
            if behind and at >= 0
            else f"{HERE} [{word}]"
            if index == at
            else f"{AHEAD} {word}"
        )
    if at < 0:
        parts.append(f"{OFF} {state_word(say, workflow.state)}")
    return "  ".join(parts)


def state_word(say: Words, state: str) -> str:
    """A state in the language that is spoken; as the journal has it where it is of another kind of work."""
    values = {one.value for one in State}
    return say(f"rotations.state_{state}") if state in values else state


def _at(workflow: Workflow) -> int:
    names = [state.value for state in way(workflow.kind)]
    return names.index(workflow.state) if workflow.state in names else -1
