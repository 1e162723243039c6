"""The seam for grants: who may use which key. `run.py` gives one of these to the server."""

from __future__ import annotations

import os
from collections.abc import Callable

from keyguard.core.errors import UsageError
from keyguard.daemon.peers import Peer
from keyguard.workflows.handout_batch import Permit, Use

Rights = Callable[[Peer, Use], Permit]
"""Permits a use, or raises the KeyguardError that says who can mend it.

It runs in a thread and may read the database. Inside a lease it is asked again when anything in the database
has changed since, and at least every second.
"""


def own_user_only(peer: Peer, use: Use) -> Permit:
    """The daemon's own user may use every key, everybody else none: there are no grants yet.

    Rights that know grants take its place, for both modes.
    """
    if peer.uid in (os.geteuid(), -1):
        return Permit(use.actor.user)
    raise UsageError(
        f"there is no grant of {use.key.name} to {use.actor.user}",
        code="grant.none",
        still="nothing was handed out",
        hint="keyguard grant add, by who keeps the keys",
    )
