"""The seam for grants: who may use which key. `run.py` gives one of these to the server."""

from __future__ import annotations

import os

from keyguard.core.errors import KeyguardError, UsageError
from keyguard.core.keys import Key
from keyguard.daemon.peers import Peer


def own_user_only(peer: Peer, key: Key, _purpose: str) -> KeyguardError | None:
    """The daemon's own user may use every key, everybody else none: there are no grants yet.

    A MayUse that knows grants takes its place here, for both modes.
    """
    if peer.uid in (os.geteuid(), -1):
        return None
    return UsageError(
        f"there is no grant of {key.name} to this user",
        code="grant.none",
        still="nothing was handed out",
        hint="keyguard grant add, by who keeps the keys",
    )
