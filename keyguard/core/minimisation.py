"""The state machine of a minimisation. Pure.

planned → editing → edited → observed

An edit sends every field of the key, so sending it again after having asked the venue changes nothing more.
It can be given up anywhere: nothing of the key was ended, and what became of it is observed all the same.
"""

from __future__ import annotations

from keyguard.core.rotation import Action, Event, Machine, State

MINIMISATION = Machine(
    Action.BEGIN,
    {
        (State.PLANNED, Event.BEGUN): (State.EDITING, Action.EDIT),
        (State.EDITING, Event.EDITED): (State.EDITED, Action.OBSERVE),
        (State.EDITED, Event.OBSERVED): (State.OBSERVED, Action.NOTHING),
        # Taken up again and still not as it was to be, long after the edit: it is made once more.
        (State.EDITED, Event.BEGUN): (State.EDITING, Action.EDIT),
        (State.PLANNED, Event.ABORT): (State.ABORTED, Action.NOTHING),
        (State.EDITING, Event.ABORT): (State.ABORTING, Action.LEAVE),
        (State.EDITED, Event.ABORT): (State.ABORTING, Action.LEAVE),
        (State.ABORTING, Event.CLEANED): (State.ABORTED, Action.NOTHING),
    },
)
