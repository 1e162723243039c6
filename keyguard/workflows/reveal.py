"""Show a key's secret to a person: a hand-out to their eyes, which takes a second person where rights are
enforced."""

from __future__ import annotations

from dataclasses import replace

from keyguard.core.keys import Environment
from keyguard.core.people import Action
from keyguard.ports.all import Ports
from keyguard.workflows import approvals, handout, rights, use_checks
from keyguard.workflows.handout import HandOut
from keyguard.workflows.handout_batch import Permit, Use
from keyguard.workflows.identity import Actor, Process
from keyguard.workflows.use_checks import RaiseAlert

MODE = "file"
"""KGA/1's words know no screen; a terminal is a file, and the private part says that this was one."""


def reveal(
    ports: Ports,
    key_name: str,
    *,
    reason: str,
    to: str,
    actor: Actor,
    process: Process,
    environment: Environment = Environment.LIVE,
    raise_alert: RaiseAlert = use_checks.log_alert,
) -> HandOut:
    """Release a key's live version for showing it; end its lease when it is not shown any more.

    `to`: `terminal` or `output`, for the record. Recorded as a hand-out with the purpose "reveal" before the
    secret is read. The second person's word is used up in the transaction of that record. Raises as
    `hand_out`, and UsageError `approval.needed`, `approval.waits` (recorded as refusals) until it is given.
    """
    may_use = rights.permits(ports)
    why = f"reveal: {reason}" if reason else "reveal"

    def with_four_eyes(use: Use) -> Permit:
        permit = may_use(replace(use, purpose=""))  # a grant's purpose is what the key is used for
        approvals.require(ports, Action.REVEAL, use.key, actor=use.actor, why=why, about={"reason": reason})
        return permit

    return handout.hand_out(
        ports,
        key_name,
        purpose=why,
        mode=MODE,
        actor=actor,
        process=process,
        environment=environment,
        raise_alert=raise_alert,
        may_use=with_four_eyes,
        private={"revealed_to": to},
    )
