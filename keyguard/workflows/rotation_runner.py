"""Drives a workflow's machine: action after action, each journalled, until its end or an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from keyguard.core.errors import KeyguardError, OutcomeUnknown
from keyguard.core.rotation import Action, Event, State
from keyguard.ports.journal import Workflow
from keyguard.workflows import burial, creation, narrowing, proving
from keyguard.workflows.abort import clean_up
from keyguard.workflows.run import Run

_ACTIONS: Mapping[Action, Callable[[Run], Action]] = {
    Action.BEGIN: lambda run: run.advance(Event.BEGUN),
    Action.CREATE: creation.create,
    Action.STORE: creation.store,
    Action.PROVE: proving.prove,
    Action.SWITCH: proving.switch,
    Action.DRAIN: proving.drain,
    Action.ANNOUNCE: burial.announce,
    Action.REVOKE: burial.revoke,
    Action.BURY: burial.bury,
    Action.CLOSE: burial.close,
    Action.CLEAN_UP: clean_up,
    Action.EDIT: narrowing.edit,
    Action.OBSERVE: narrowing.observe,
    Action.LEAVE: narrowing.leave,
}

_STILL = {
    State.SWITCHED: "the new key is in use; the old one still works",
    State.DRAINED: "the new key is in use; the old one still works",
    State.REVOKING: "the old key may or may not work",
    State.REVOKED: "the old key was revoked, which is not proven yet",
    State.BURIED: "the old key is proven dead",
    State.EDITING: "the key works on, as it was or narrowed already",
    State.EDITED: "the key works on; that it was narrowed is not proven yet",
    State.ABORTING: "the old key still works and stays in use",
}


def drive(run: Run, action: Action | None = None, *, until: State | None = None) -> Workflow:
    """Do what is next (or `action`) until the workflow is finished or `until`; return it as journalled.

    Raises what the step raises, with what is still true and how to go on filled in. Everything done so
    far stands in the journal: resuming continues there.
    """
    action = action or run.machine.next_action(run.state)
    try:
        while action is not Action.NOTHING and run.state is not until:
            run.demand_going_on()
            action = _ACTIONS[action](run)
            run.resumed = False
    except KeyguardError as error:
        _explain(run, error)
        raise
    run.tell(run.state.value)
    return run.workflow


def _explain(run: Run, error: KeyguardError) -> None:
    if not error.still:
        error.still = _STILL.get(run.state, "the old key still works; nothing was deleted")
    go_on = f"keyguard workflow resume {run.workflow.id}"
    if error.hint.endswith("keyguard workflow resume"):
        error.hint = f"{error.hint} {run.workflow.id}"
    elif run.workflow.id not in error.hint:
        # What the venue's refusal or silence leaves open is answered by resuming; others say what to mend.
        first = "" if isinstance(error, OutcomeUnknown) or not error.hint else f"{error.hint}, then "
        error.hint = first + go_on
