"""The seam for grants: who may use which key. `run.py` gives one of these to the server."""

from __future__ import annotations

from collections.abc import Callable

from keyguard.core.errors import UsageError
from keyguard.daemon import accounts
from keyguard.daemon.peers import Peer
from keyguard.ports.all import Ports
from keyguard.workflows import rights
from keyguard.workflows.handout_batch import Permit, Use

Rights = Callable[[Peer, Use], Permit]
"""Permits a use, or raises the KeyguardError that says who can mend it.

It runs in a thread and may read the database. Inside a lease it is asked again when anything in the database
has changed since, and at least every second.
"""


def granted(ports: Ports) -> Rights:
    """What people and grants say. Where nothing was declared yet, the daemon's own user may use every key
    and everybody else none."""
    ask = rights.permits(ports)

    def may_use(peer: Peer, use: Use) -> Permit:
        permit = ask(use)
        if permit.grant is None and peer.uid not in (accounts.own_uid(), -1):
            raise UsageError(
                f"there is no grant of {use.key.name} to {use.actor.user}",
                code="rights.no_grant",
                still="nothing was handed out",
                hint="keyguard grant add, by who keeps the keys",
            )
        return permit

    return may_use
