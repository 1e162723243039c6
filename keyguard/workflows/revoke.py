"""Revoke a key without a replacement, with the same proof as after a rotation."""

from __future__ import annotations

from keyguard.core.errors import UsageError
from keyguard.core.keys import Key, KeyVersion, VersionStatus
from keyguard.ports.all import Ports
from keyguard.ports.journal import Workflow
from keyguard.workflows import managers
from keyguard.workflows.identity import Actor
from keyguard.workflows.plan import REASONS, Plan
from keyguard.workflows.rotate import open_workflow, refuse_second, refuse_sign_in
from keyguard.workflows.rotation_runner import drive
from keyguard.workflows.run import ProcessAlive, Run


def revoke(
    ports: Ports,
    key_name: str,
    *,
    reason: str,
    manager: str,
    actor: Actor,
    process_alive: ProcessAlive,
) -> Workflow:
    """End a key at its venue and prove it dead; return the finished workflow.

    Hand-outs of the key end before the venue is told. `manager` as for a rotation. Raises as `rotate`.
    """
    if reason not in REASONS:
        raise UsageError(f"no such reason: {reason}", code="reason", hint="one of " + ", ".join(REASONS))
    key = ports.inventory.find_key(key_name)
    refuse_sign_in(key)
    with ports.journal.alone(key.id):
        refuse_second(ports, key)
        old = _last_alive(ports, key)
        seen = ports.inventory.last_observation(old.id)
        account = (seen.report.account if seen else "") or key.account
        chosen = managers.choose(ports, key, old, account, named=manager, itself=True)
        plan = Plan(old=old.id, manager=chosen, account=account, reason=reason)
        workflow = open_workflow(ports, "revoke", key, plan, ports.clock.token(8).hex())
        ports.person.tell(f"revoking {key.name}", f"workflow {workflow.id}")
        return drive(Run(ports, workflow, key, actor, process_alive, resumed=False))


def _last_alive(ports: Ports, key: Key) -> KeyVersion:
    alive = [v for v in ports.inventory.versions(key.id) if v.status is not VersionStatus.DEAD]
    if not alive:
        raise UsageError(f"{key.name} is dead already", code="key.dead")
    return alive[-1]
